import assert from "node:assert/strict";
import { reportedRun } from "../../src/report/collect_jobs.ts";
import { History } from "../provenance/history.ts";
import type { MadeRun } from "../provenance/history.ts";

/** What the job of a run is put under. */
async function stepOf(made: MadeRun): Promise<string> {
  await using history = await History.create();
  const oid = await history.run("1", { files: { out: "1\n" }, ...made });
  const { history: runs } = (await history.open()).top;
  return reportedRun(await runs.read(runs.at(oid)!)).step;
}

Deno.test("reportedRun() names the batch script where it is known, and else the command", async () => {
  assert.equal(await stepOf({ pwd: "sub", cmd: "sbatch ./job.sh 1" }), "sub/job.sh");
  assert.equal(await stepOf({ pwd: "sub", cmd: "sbatch /opt/job.sh" }), "/opt/job.sh");
  const shell = "cd sub && sbatch job.sh";
  assert.equal(await stepOf({ cmd: shell }), shell);
  assert.equal(await stepOf({ evidence: { version: "0.2.0" } }), "sbatch job.sh");
  const script = { path: "sub/job.sh" };
  assert.equal(await stepOf({ cmd: shell, evidence: { script } }), "sub/job.sh");
});
