import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { findIgnoredPaths } from "../../src/datalad/ignored_paths.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findIgnoredPaths() goes by the rules of the repository that each path is in", async () => {
  await using repository = await TestRepository.create({ ".gitignore": "*.out\n" });
  await repository.sandbox.require(["git", "init", "--quiet", repository.at("sub")]);
  await repository.dataset.write("sub/.gitignore", "*.json\n");
  const dataset = await openDataset(repository.runner, repository.root, undefined);

  const found = await findIgnoredPaths(dataset, ["a.out", "a.json", "sub/b.out", "sub/b.json"]);

  assert.deepEqual(found, [
    { path: "a.out", rule: ".gitignore:1: *.out" },
    { path: "sub/b.json", rule: ".gitignore:1: *.json" },
  ]);
  assert.deepEqual(await findIgnoredPaths(dataset, []), []);
});
