import assert from "node:assert/strict";
import type { Dataset } from "../../src/datalad/dataset.ts";
import { reportScheduled, startOfCommand } from "../../src/submit/report_submission.ts";
import { openJob } from "../support/jobs.ts";
import { testSession } from "../support/test_session.ts";

Deno.test("startOfCommand() cuts what is longer than DataLad shows", () => {
  assert.equal(startOfCommand("x".repeat(40)), "x".repeat(40));
  assert.equal(startOfCommand("x".repeat(41)), `${"x".repeat(40)}...`);
});

Deno.test("reportScheduled() reports the job, with further fields where there are some", () => {
  const session = testSession();
  const dataset = { root: "/r" } as Dataset;

  for (const fields of [{}, { changedInputs: [] }]) {
    const told = { action: "slurm-reschedule", ...fields };
    reportScheduled({ dataset, session }, openJob(), "sbatch x", told);
  }

  assert.deepEqual(session.results.map(({ changedInputs }) => changedInputs), [undefined, []]);
  assert.equal(session.results[0]!.slurmJobId, "151");
});
