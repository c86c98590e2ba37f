import assert from "node:assert/strict";
import { findUntracked } from "../../src/git/untracked.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findUntracked() finds ignored files, too, at the places that it is asked for alone", async () => {
  await using repository = await TestRepository.create({
    "out/known": "1\n",
    ".gitignore": "*.o\n",
  });
  const { dataset, git, sandbox } = repository;
  for (const path of ["out/new\nline ü", "out/deep/a.o", "elsewhere", "outer"]) {
    await dataset.write(path, "2\n");
  }
  await dataset.write("out/known", "changed\n");
  await sandbox.require(["git", "init", "--quiet", repository.at("out/nested")]);
  await dataset.write("out/nested/inside", "3\n");

  assert.deepEqual((await findUntracked(git, ["out"])).toSorted(), [
    ...["out/deep/a.o", "out/nested/", "out/new\nline ü"],
  ]);
  assert.deepEqual(await findUntracked(git, ["out/known", "gone"]), []);
  assert.deepEqual(await findUntracked(git, []), [], "not the whole dataset");
});
