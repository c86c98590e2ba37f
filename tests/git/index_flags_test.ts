import assert from "node:assert/strict";
import { findUnwatched, setFlags } from "../../src/git/index_flags.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findUnwatched() finds what git was told not to look at, and setFlags() tells it", async () => {
  const names = ["in/plain", "in/skipped", "in/ass\numed", "in/both", "beside"];
  await using repository = await TestRepository.create(
    Object.fromEntries(names.map((name) => [name, `${name}\n`])),
  );
  const { git } = repository;
  const skipped = ["in/skipped", "in/both", "beside"];
  for (const path of skipped) await git.require(["update-index", "--skip-worktree", path]);
  for (const path of ["in/ass\numed", "in/both"]) {
    await git.require(["update-index", "--assume-unchanged", path]);
  }

  const found = await findUnwatched(git, ["in"]);

  assert.deepEqual(found, [
    { path: "in/ass\numed", flag: "assume-unchanged" },
    { path: "in/both", flag: "skip-worktree" },
    { path: "in/skipped", flag: "skip-worktree" },
  ]);
  assert.deepEqual(await findUnwatched(git, []), []);

  await setFlags(git, found, false);

  const rest = [{ path: "in/both", flag: "assume-unchanged" }] as const;
  assert.deepEqual(await findUnwatched(git, ["in"]), rest);
  await setFlags(git, found, true);
  assert.deepEqual(await findUnwatched(git, ["in"]), found);
});
