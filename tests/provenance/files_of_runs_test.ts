import assert from "node:assert/strict";
import { findFilesOfRuns } from "../../src/provenance/files_of_runs.ts";
import { History } from "./history.ts";

Deno.test("findFilesOfRuns() takes what a repetition left as it was for its own, no logs, nor what it did not write", async () => {
  await using history = await History.create();
  const one = await history.run("1", {
    files: { "fin/s": "1\n", "fin/t": "1\n", "fin/z": "1\n", "fin/log-1": "1\n", other: "1\n" },
    ...{ outputs: ["fin", "other"], slurmOutputs: ["fin/log-1"] },
  });
  const repeated = { outputs: ["fin"], chain: [one] };
  const two = await history.run("2", {
    ...{ files: { "fin/z": "2\n", "fin/t": null }, ...repeated },
    evidence: {
      reproduces: {
        commit: one,
        identical: 1,
        differs: ["fin/z"],
        missing: ["fin/t"],
        new: [],
      },
    },
  });
  const { top: { dataset, history: runs } } = await history.open();
  const read = await Promise.all([one, two].map((oid) => runs.read(runs.at(oid)!)));

  const files = await findFilesOfRuns(dataset, read, history.repository.runner);

  assert.deepEqual(files.get(one)!.toSorted(), [
    ...["fin/log-1", "fin/s", "fin/t", "fin/z", "other"],
  ]);
  assert.deepEqual(files.get(two)!.toSorted(), ["fin/s", "fin/z"]);
});
