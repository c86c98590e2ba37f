import assert from "node:assert/strict";
import { UserError } from "../../src/errors.ts";
import { openRepository, settingsForPlace } from "../../src/git/repository.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import { Sandbox } from "../support/sandbox.ts";
import { SandboxRunner } from "../support/sandbox_runner.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("openRepository() tells a folder that is not there from one that is no dataset", async () => {
  await using sandbox = await Sandbox.create();
  const runner = new SandboxRunner(sandbox);
  for (
    const [folder, message] of [
      [`${sandbox.root}/gone`, /there is no folder/],
      [sandbox.home, /is not inside a Git worktree/],
    ] as const
  ) {
    await assert.rejects(openRepository(runner, folder), (error) => {
      assert(error instanceof UserError);
      assert.equal(error.code, "NOT_A_REPOSITORY");
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("openRepository() takes no main work tree for a linked one where .git is a link", async () => {
  await using repository = await TestRepository.create({ "sub/a": "1\n" });
  const { runner, root, dataset, sandbox } = repository;
  const gitDir = `${sandbox.root}/git directory`;
  await Deno.rename(repository.at(".git"), gitDir);
  await Deno.symlink(gitDir, repository.at(".git"));
  await dataset.git("worktree", "add", "--quiet", "../side");
  // As git-annex makes it of the file .git in a linked work tree.
  await Deno.remove(`${sandbox.root}/side/.git`);
  await Deno.symlink(`${gitDir}/worktrees/side`, `${sandbox.root}/side/.git`);

  for (
    const [folder, worktree] of [
      [root, ""],
      [repository.at("sub"), ""],
      [`${sandbox.root}/side`, "side"],
      [`${sandbox.root}/side/sub`, "side"],
    ] as const
  ) {
    const opened = await openRepository(runner, folder);

    assert.deepEqual([opened.commonDir, opened.worktree], [gitDir, worktree], folder);
  }
});

Deno.test("openRepository() refuses a branch whose name is no text, and takes one that looks so", async () => {
  await using repository = await TestRepository.create();
  const { dataset, runner, root } = repository;
  await dataset.git("checkout", "--quiet", "-b", "b\uFFFD");
  assert.equal((await repository.open()).branch, "refs/heads/b\uFFFD");
  await repository.sandbox.require(
    ["sh", "-c", `git checkout --quiet -b "$(printf 'b\\366')"`],
    { cwd: root },
  );

  for (const open of [openRepository(runner, root), openDataset(runner, root, undefined)]) {
    await assert.rejects(open, { code: "NAME_NOT_TEXT", hint: /branch -m NAME/ });
  }

  await dataset.git("branch", "-m", "named");
  assert.equal((await repository.open()).branch, "refs/heads/named");
});

Deno.test("settingsForPlace() goes by the file system where core.ignoreCase is on", async () => {
  await using sandbox = await Sandbox.create();
  const { root } = sandbox;
  const on = new Map([["core.ignorecase", ["false", "true"]]]);
  assert.deepEqual(await settingsForPlace(root, on), [], "the repository is elsewhere");

  await Deno.mkdir(`${root}/.git`);
  assert.deepEqual(await settingsForPlace(root, on), ["core.ignoreCase=false"]);
  assert.deepEqual(await settingsForPlace(root, new Map()), []);

  // As a file system has it that takes both names for one.
  await Deno.mkdir(`${root}/.GIT`);
  assert.deepEqual(await settingsForPlace(root, on), []);
});

Deno.test("openRepository() names a branch whose file is damaged, and where it was", async () => {
  await using repository = await TestRepository.create({ "sub/a": "1\n" });
  const { runner, root, dataset, sandbox } = repository;
  const head = await dataset.git("rev-parse", "HEAD");
  for (const isLogged of [true, false]) {
    await dataset.write(".git/refs/heads/main", "");
    if (!isLogged) await Deno.remove(repository.at(".git/logs"), { recursive: true });

    const error = await openRepository(runner, repository.at("sub")).catch((error) => error);

    assert.equal(error.code, "GIT_FAILED");
    assert.match(error.message, /"\/.*\/\.git\/refs\/heads\/main" names no commit/);
    const repair = /rm .*/.exec(error.hint)![0];
    assert(repair.endsWith(isLogged ? head : "COMMIT"), repair);
    await sandbox.require(["sh", "-c", repair.replace("COMMIT", head)], { cwd: root });
    assert.equal((await openRepository(runner, root)).headOid, head);
  }
});
