import assert from "node:assert/strict";
import { submissionOf } from "../../src/jobs/submission_of.ts";
import { openJob } from "../support/jobs.ts";

const details = { logs: [], environmentFile: null };
const TASKS: readonly [
  jobId: string,
  arrayTasks: string | null,
  tasks: readonly number[] | null,
][] = [
  ["151", null, null],
  ["151", "0-2,7", [0, 1, 2, 7]],
  // A row of a table is one task, whatever the array has.
  ["151_0", "0-2,7", [0]],
  ["151_3", null, [3]],
];

for (const [jobId, arrayTasks, tasks] of TASKS) {
  Deno.test(`submissionOf() job ${jobId} of tasks ${arrayTasks} has ${tasks}`, () => {
    const submission = submissionOf(openJob({ jobId, details: { ...details, arrayTasks } }));

    assert.equal(submission.jobId, "151");
    assert.deepEqual(submission.arrayTasks, tasks);
  });
}

const UNTOLD = [
  null,
  { ...details, arrayTasks: null, areTasksUnknown: true },
  { ...details, arrayTasks: "2-3", mayHaveMoreTasks: true },
];

for (const [at, untold] of UNTOLD.entries()) {
  Deno.test(`submissionOf() does not take a job for a plain one of which not all is told, ${at}`, () => {
    const known = { isAccounted: false, areGapsFilled: true };
    assert.equal(submissionOf(openJob({ details: untold }), known).arrayTasks, "unknown");
  });
}

Deno.test("submissionOf() has the components of a heterogeneous job", () => {
  const components = ["151", "152"];
  const job = openJob({ details: { ...details, arrayTasks: null, components } });

  assert.deepEqual(submissionOf(job).components, components);
});
