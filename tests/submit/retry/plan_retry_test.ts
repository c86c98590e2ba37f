import assert from "node:assert/strict";
import { openDataset } from "../../../src/datalad/dataset.ts";
import type { SubmittedJob } from "../../../src/jobs/job.ts";
import type { JobStatus } from "../../../src/jobs/job_status.ts";
import { NO_OPEN_JOBS } from "../../../src/submit/awaited_inputs.ts";
import { planRetry } from "../../../src/submit/retry/plan_retry.ts";
import type { RetryOptions } from "../../../src/submit/retry/plan_retry.ts";
import { openJob } from "../../support/jobs.ts";
import { TestRepository } from "../../support/test_repository.ts";

function statusOf(states: Readonly<Record<string, string>>): JobStatus {
  return {
    ...{ phase: "failed", groupState: "FAILED", entries: [] },
    states: new Map(Object.entries(states)),
  };
}

async function plan(
  changes: Partial<SubmittedJob> = {},
  states: Readonly<Record<string, string>> = { 151: "FAILED" },
  options: Partial<RetryOptions> = {},
) {
  await using repository = await TestRepository.create({ "job.sh": "#!/bin/sh\n", "sub/x": "1\n" });
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  return await planRetry(dataset, openJob(changes), statusOf(states), {
    ...{ sbatchOptions: [], openJobs: NO_OPEN_JOBS, after: { open: [], ended: [] } },
    ...options,
  });
}

Deno.test("planRetry() plans the same command with further options, in its folder", async () => {
  const { plan: planned, cmd, options, jobId, end } = await plan(
    { pwd: "sub", cmd: "sbatch ../job.sh" },
    { 151: "TIMEOUT" },
    { sbatchOptions: ["--time=20"] },
  );

  assert.equal(planned.command, "sbatch --time=20 ../job.sh");
  assert.match(planned.directory, /\/sub$/);
  assert.deepEqual([cmd, options, jobId], ["sbatch --time=20 ../job.sh", ["--time=20"], "151"]);
  assert.deepEqual([planned.array, end.state], [null, "FAILED"]);
});

Deno.test("planRetry() takes braces in options for text, and those in names, too", async () => {
  const { cmd, plan: planned } = await plan({ outputs: ["out{1}"] }, undefined, {
    sbatchOptions: ["--comment={x}"],
  });

  assert.match(planned.command, /--comment=\{x\}/);
  assert.match(cmd, /\{\{x\}\}/);
});

Deno.test("planRetry() submits of an array the tasks that did not complete", async () => {
  const { plan: planned, completedTasks, cmd } = await plan({ cmd: "sbatch --array=0-9 job.sh" }, {
    ...{
      "151_0": "COMPLETED",
      "151_1": "FAILED",
      "151_2": "COMPLETED",
      "151_[5-9%2]": "CANCELLED",
    },
  });

  assert.equal(completedTasks, "0,2");
  assert.match(planned.command, /--array=1,5-9/);
  assert.equal(cmd, "sbatch --array=0-9 job.sh", "the next attempt may need other tasks");
});

Deno.test("planRetry() makes a task of an array of what was one, in one array with the others", async () => {
  const { plan: planned } = await plan(
    { jobId: "151_3", cmd: "sbatch --array=3 job.sh" },
    { "151_3": "FAILED" },
  );

  assert.deepEqual(planned.array, { limit: null, task: 3, of: 0 });
  assert.equal(planned.command, "sbatch job.sh");
  const row = { cmd: "x", line: 2, table: "t.csv", values: {} };
  const ofTable = await plan({ jobId: "151_3", row }, { "151_3": "FAILED" });
  assert.deepEqual(ofTable.plan.array, { limit: null });
});

Deno.test("planRetry() refuses options for a command that a shell has to read", async () => {
  const command = { cmd: "sbatch job.sh | tee log" };

  await assert.rejects(plan(command, undefined, { sbatchOptions: ["--time=20"] }), {
    code: "USAGE",
    hint: /^dlslurm finish 151 --close-failed-jobs/,
  });
  assert.equal((await plan(command)).plan.command, command.cmd);
});

Deno.test("planRetry() waits for predecessors by the IDs that they have by now, and says so in the record", async () => {
  const now = { jobId: "8", type: "afterok" };
  const after = { open: [now], ended: [], idsNow: (id: string) => id === "1" ? ["8"] : [id] };
  const command = { cmd: "sbatch --dependency=afterok:1:77 job.sh" };

  const further = await plan({}, undefined, { after: { open: [now], ended: [] } });
  const own = await plan(command, undefined, { after });
  assert.match(further.plan.command, /--dependency=afterok:8 /);
  assert.deepEqual(further.after, [now]);
  assert.match(own.plan.command, /^sbatch --dependency=afterok:8:77 job\.sh$/);
  assert.deepEqual([own.cmd, own.after.map(({ jobId }) => jobId)], [command.cmd, ["8", "77"]]);
});
