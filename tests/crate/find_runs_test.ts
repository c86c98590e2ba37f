import assert from "node:assert/strict";
import { findChosenRuns } from "../../src/crate/find_runs.ts";
import { History } from "../provenance/history.ts";

Deno.test("findChosenRuns() has a job once that was picked and merged", async () => {
  await using history = await History.create();
  const first = await history.run("1", { files: { a: "1\n" } });
  await history.pickAndMerge(first);
  await history.run("2", { files: { b: "1\n" } });
  const { dataset } = (await history.open()).top;
  const session = { runner: history.repository.runner, interrupted: new AbortController().signal };

  const { runs } = await findChosenRuns(dataset, "HEAD", session);

  assert.deepEqual(runs.map(({ run }) => run.record.slurmJobId), ["1", "2"]);
});
