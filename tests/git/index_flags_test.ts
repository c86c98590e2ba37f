import assert from "node:assert/strict";
import { findOddEntries, setFlags } from "../../src/git/index_flags.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findOddEntries() finds what git was told not to look at, and setFlags() tells it", async () => {
  const names = ["in/plain", "in/skipped", "in/ass\numed", "in/both", "beside"];
  await using repository = await TestRepository.create(
    Object.fromEntries(names.map((name) => [name, `${name}\n`])),
  );
  const { git } = repository;
  const findUnwatched = async (...places: string[]) =>
    (await findOddEntries(git, places, [])).unwatched;
  const skipped = ["in/skipped", "in/both", "beside"];
  for (const path of skipped) await git.require(["update-index", "--skip-worktree", path]);
  for (const path of ["in/ass\numed", "in/both"]) {
    await git.require(["update-index", "--assume-unchanged", path]);
  }

  const found = await findUnwatched("in");

  assert.deepEqual(found, [
    { path: "in/ass\numed", flag: "assume-unchanged" },
    { path: "in/both", flag: "skip-worktree" },
    { path: "in/skipped", flag: "skip-worktree" },
  ]);
  assert.deepEqual(await findUnwatched(), []);

  await setFlags(git, found, false);

  const rest = [{ path: "in/both", flag: "assume-unchanged" }] as const;
  assert.deepEqual(await findUnwatched("in"), rest);
  await setFlags(git, found, true);
  assert.deepEqual(await findUnwatched("in"), found);
});

Deno.test("findOddEntries() finds what is in conflict, also one of many files", async () => {
  await using repository = await TestRepository.create({ "in/a": "base\n", log: "base\n" });
  const { git, dataset } = repository;
  for (const text of ["theirs", "ours"]) {
    for (const path of ["in/a", "log"]) await dataset.write(path, `${text}\n`);
    if (text === "theirs") await git.require(["stash", "--quiet"]);
    else await repository.commit();
  }
  await git.run(["stash", "pop"]);
  const many = Array.from({ length: 100 }, (_, count) => `log ${count}`);

  for (const files of [["log"], ["log", ...many]]) {
    const { unmerged, unwatched } = await findOddEntries(git, ["in"], files);

    assert.deepEqual([[...unmerged], unwatched], [["in/a", "log"], []]);
  }
  assert.deepEqual([...(await findOddEntries(git, ["in"], [])).unmerged], ["in/a"]);
});
