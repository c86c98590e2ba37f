import assert from "node:assert/strict";
import { namesIn } from "../../src/fs/if_present.ts";
import {
  buildCheckedCommits,
  findCommitChecks,
  RefusedByHook,
} from "../../src/git/build_checked_commits.ts";
import { inSequence, STAGING_REF } from "../../src/git/build_commits.ts";
import { GitConfig } from "../../src/git/git_config.ts";
import { TestRepository } from "../support/test_repository.ts";

const IDENTITIES = {
  author: "Ada Ü <ada@example.org> 1800000000 +0545",
  committer: "Bo <bo@example.org> 1800000001 -0300",
};

async function writeHook(repository: TestRepository, name: string, script: string, mode = 0o755) {
  const hook = `.git/hooks/${name}`;
  await repository.dataset.write(hook, `#!/bin/sh\n${script}\n`);
  await Deno.chmod(repository.at(hook), mode);
}

/** Builds two commits with whatever checks are wanted. */
async function build(repository: TestRepository) {
  const opened = await repository.open();
  const checks = await findCommitChecks(opened, new GitConfig(new Map()));
  const blob = await repository.dataset.git("rev-parse", "HEAD:a");
  const plans = inSequence(["one", "two"].map((name) => ({
    message: () => `${name}\n`,
    changes: [{ path: `out/${name}`, kind: "add", mode: "100644", oid: blob } as const],
  })));
  const commits = { base: opened.headOid, plans, identities: IDENTITIES };
  return await buildCheckedCommits(opened, commits, checks!, { runner: repository.runner });
}

Deno.test("findCommitChecks() finds hooks that git would run, and no others", async () => {
  await using repository = await TestRepository.create();
  await writeHook(repository, "pre-commit.sample", "exit 1");
  await writeHook(repository, "commit-msg", "exit 1", 0o644);
  await writeHook(repository, "pre-commit", "# automatically configured by git-annex\nexit 1");
  const opened = await repository.open();
  const none = new GitConfig(new Map());

  assert.equal(await findCommitChecks(opened, none), null);
  const signed = await findCommitChecks(
    opened,
    new GitConfig(new Map([["commit.gpgsign", ["yes"]]])),
  );
  assert.deepEqual(signed, { isSigned: true, hooks: new Map() });
  await writeHook(repository, "commit-msg", "exit 1");

  const found = await findCommitChecks(opened, none);
  assert.deepEqual([...found!.hooks.keys()], ["commit-msg"]);
});

Deno.test("buildCheckedCommits() runs hooks in git's order, on what each commit will hold", async () => {
  await using repository = await TestRepository.create();
  const { dataset } = repository;
  const log = '"$(git rev-parse --show-toplevel)/../log"';
  await writeHook(repository, "commit-msg", `echo "msg $(cat "$1")" >>${log}; echo more >>"$1"`);
  await writeHook(repository, "prepare-commit-msg", `echo "prepare $2" >>${log}`);
  await writeHook(repository, "pre-commit", `git ls-files out | xargs echo pre >>${log}`);
  const head = await dataset.git("rev-parse", "HEAD");

  const [one, two] = await build(repository) as [string, string];

  const said = await Deno.readTextFile(`${repository.sandbox.root}/log`);
  assert.deepEqual(said.split("\n").slice(0, -1), [
    ...["pre out/one", "prepare message", "msg one"],
    ...["pre out/one out/two", "prepare message", "msg two"],
  ]);
  assert.equal(await dataset.git("log", "-1", "--format=%B", one), "one\nmore\n");
  const shown = await dataset.git("log", "-1", "--date=raw", "--format=%P|%an|%ad|%ce|%cd", two);
  assert.equal(shown, `${one}|Ada Ü|1800000000 +0545|bo@example.org|1800000001 -0300`);
  assert.equal(await dataset.git("rev-parse", STAGING_REF), two);
  assert.equal(await dataset.git("rev-parse", "HEAD"), head);
  assert.equal(await dataset.git("status", "--porcelain"), "");
});

Deno.test("buildCheckedCommits() has nothing left when a hook refuses", async () => {
  await using repository = await TestRepository.create();
  await writeHook(repository, "commit-msg", 'grep -q one "$1" || { echo "no two" >&2; exit 1; }');
  const before = (await namesIn(repository.at(".git"))).length;

  await assert.rejects(build(repository), {
    code: "GIT_FAILED",
    message: /the hook ".*commit-msg" refused$/,
    detail: "no two",
  });
  await assert.rejects(build(repository), (error) => {
    assert(error instanceof RefusedByHook);
    assert.deepEqual([...error.refused.keys()], [1]);
    return true;
  });

  assert.equal((await namesIn(repository.at(".git"))).length, before);
  const refs = await repository.dataset.git("for-each-ref", "--format=%(refname)");
  assert.equal(refs, "refs/heads/main");
});
