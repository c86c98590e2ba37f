import assert from "node:assert/strict";
import { STAGING_REF } from "../../src/git/build_commits.ts";
import { moveRefs } from "../../src/git/move_branch.ts";
import { setPresence } from "../../src/annex/git_annex.ts";
import { TestRepository } from "../support/test_repository.ts";
import { quote, wrapProgram } from "../support/wrapped_programs.ts";

/** A hook that kills the git which has all its locks, or has moved `refs/heads/main`. */
async function killAt(repository: TestRepository, state: "prepared" | "committed") {
  const hook = repository.at(".git/hooks/reference-transaction");
  const script = `#!/bin/sh\n[ "$1" = ${state} ] && grep -q heads/main && kill -9 $PPID\nexit 0\n`;
  await Deno.writeTextFile(hook, script);
  await Deno.chmod(hook, 0o755);
  return { remove: () => Deno.remove(hook) };
}

async function createRepository() {
  const repository = await TestRepository.create();
  const one = await repository.dataset.git("rev-parse", "HEAD");
  const two = await repository.commit("two");
  await repository.dataset.git("update-ref", STAGING_REF, two);
  const { git } = await repository.open();
  const move = () => moveRefs(git, [{ ref: "refs/heads/main", newOid: one, oldOid: two }], "x");
  return { repository, git, one, move };
}

async function listLocks(repository: TestRepository): Promise<string> {
  const args = [repository.at(".git"), "-name", "*.lock"];
  const { stdout } = await new Deno.Command("find", { args }).output();
  return new TextDecoder().decode(stdout).replaceAll(`${repository.at(".git")}/`, "").trim();
}

Deno.test("a git that is killed leaves no lock of its own, and those of others as they are", async () => {
  const { repository, move } = await createRepository();
  await using _repository = repository;
  await repository.dataset.write(".git/refs/dlslurm/other.lock", "");
  const hook = await killAt(repository, "prepared");

  await assert.rejects(move(), {
    code: "GIT_FAILED",
    message: /update-ref was killed by /,
    detail: /It had left ".*main\.lock".*: removed/,
  });
  await hook.remove();

  assert.equal(await listLocks(repository), "refs/dlslurm/other.lock");
  assert.equal(await move(), true);
});

Deno.test("a git that is killed once the refs have moved has moved them", async () => {
  const { repository, move, one } = await createRepository();
  await using _repository = repository;
  await killAt(repository, "committed");

  assert.equal(await move(), true);

  assert.equal(await repository.dataset.git("rev-parse", "main"), one);
  assert.equal(await listLocks(repository), "");
});

Deno.test("a git that fails takes no lock away that came meanwhile", async () => {
  const { repository, git } = await createRepository();
  await using _repository = repository;
  const lock = quote(repository.at(".git/HEAD.lock"));
  await wrapProgram(repository.sandbox, "git", `: >${lock}; exec "$REAL" "$@"`);

  await git.run(["update-ref", "refs/heads/main", "0".repeat(39) + "1"], {
    locks: ["refs/heads/main"],
  });

  assert.equal(await listLocks(repository), "HEAD.lock");
});

Deno.test("git-annex that fails leaves the locks of persons, and none of its own", async () => {
  const { repository, git } = await createRepository();
  await using _repository = repository;
  await repository.dataset.write(".git/annex/x", "");
  await repository.dataset.write(".git/refs/annex/x", "");
  const locks = ["index.lock", "refs/annex/last-index.lock", "annex/index.lock"];
  const made = locks.map((name) => quote(repository.at(`.git/${name}`))).join(" ");
  const noted = { uuid: "u", keys: ["k"], isPresent: true };

  await wrapProgram(repository.sandbox, "git", `touch ${made}; exit 1`);
  await assert.rejects(setPresence(git, noted), { code: "ANNEX_FAILED", detail: /: removed/ });
  assert.equal(await listLocks(repository), "index.lock");

  await Deno.remove(repository.at(".git/index.lock"));
  await wrapProgram(repository.sandbox, "git", `touch ${made}; kill -9 $$`);
  await assert.rejects(setPresence(git, noted), { message: /was killed by / });
  assert.equal(await listLocks(repository), "");
});
