import assert from "node:assert/strict";
import { findOverlooked } from "../../src/commit/overlooked_files.ts";
import { TestRepository } from "../support/test_repository.ts";

const all = () => true;

Deno.test("findOverlooked() finds files that git lists neither as tracked nor as ignored", async () => {
  await using repository = await TestRepository.create({
    ".gitignore": "*.log\n",
    "tracked/a": "1\n",
  });
  const { dataset, git, root } = repository;
  for (const path of ["new/deep/a", "ignored/a.log", "mixed/a.log", "mixed/b", "file"]) {
    await dataset.write(path, "1\n");
  }
  await repository.sandbox.require(["git", "init", "--quiet", repository.at("inner/own")]);
  await dataset.write("inner/own/a", "1\n");
  await Deno.mkdir(repository.at("empty"));
  await Deno.symlink("nowhere", repository.at("link"));
  await Deno.symlink("new", repository.at("behind"));
  const claims = [
    ...["tracked", "new", "ignored", "mixed", "file", "inner", "empty", "gone", "link"],
    ...["behind/deep", "behind/deep/a"],
  ];

  const found = await findOverlooked(git, root, claims, all);

  assert.deepEqual(
    found,
    new Map([["new", "new/deep/a"], ["mixed", "mixed/b"], ["file", "file"], ["link", "link"]]),
  );
  const none = await findOverlooked(git, root, claims, () => false);
  assert.equal(none.size, 0);
});
