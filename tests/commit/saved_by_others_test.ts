import assert from "node:assert/strict";
import { findSavedByOthers } from "../../src/commit/saved_by_others.ts";
import { openDataset } from "../../src/datalad/dataset.ts";
import { TestRepository } from "../support/test_repository.ts";

Deno.test("findSavedByOthers() finds jobs of whose claims and logs HEAD has more than when they were submitted", async () => {
  await using repository = await TestRepository.create({ "out/a": "1\n", b: "1\n" });
  const first = await repository.dataset.git("rev-parse", "HEAD");
  await repository.dataset.write("out/new", "1\n");
  await repository.dataset.write("log", "1\n");
  await repository.dataset.git("rm", "--quiet", "out/a");
  await repository.commit("by hand");
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const jobs = [
    { key: 1, claims: ["out"], slurmOutputs: [], submittedHead: first },
    { key: 2, claims: ["out/a", "b"], slurmOutputs: [], submittedHead: first },
    { key: 3, claims: ["b"], slurmOutputs: ["log"], submittedHead: first },
    { key: 4, claims: ["out"], slurmOutputs: [], submittedHead: dataset.headOid },
    { key: 5, claims: ["out"], slurmOutputs: [], submittedHead: undefined },
    { key: 6, claims: ["out"], slurmOutputs: [], submittedHead: "1".repeat(40) },
    { key: 7, claims: ["out"], slurmOutputs: [], submittedHead: first, canBeOwn: () => false },
  ];

  assert.deepEqual([...await findSavedByOthers(dataset, jobs)], [1, 3]);
});
