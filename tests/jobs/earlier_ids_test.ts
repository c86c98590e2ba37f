import assert from "node:assert/strict";
import { hadId, jobsOfId } from "../../src/jobs/earlier_ids.ts";
import type { Attempt } from "../../src/jobs/job.ts";
import { openJob } from "../support/jobs.ts";

function attemptsOf(...ids: readonly string[]): readonly Attempt[] {
  return ids.map((jobId, at) => ({ jobId, submittedAtMs: 10 * (at + 1) })) as unknown as Attempt[];
}

Deno.test("jobsOfId() knows a job by the IDs of its attempts that failed", () => {
  const jobs = [openJob({ jobId: "9" }), openJob({ jobId: "8", attempts: attemptsOf("1", "4") })];

  assert.deepEqual(["8", "4", "1"].map((id) => jobsOfId(jobs, id)[0]?.jobId), ["8", "8", "8"]);
  assert.deepEqual(jobsOfId(jobs, "2"), []);
});

Deno.test("jobsOfId() knows the tasks of an array by its ID, also those that were repeated, and no other array's", () => {
  const own = ["7_1", "7_2", "71_3"].map((jobId) => openJob({ jobId, submittedAtMs: 10 }));
  const repeated = openJob({ jobId: "9_0", submittedAtMs: 20, attempts: attemptsOf("7_3") });

  const found = jobsOfId([...own, repeated], "7");

  assert.deepEqual(found.map(({ jobId }) => jobId), ["7_1", "7_2", "9_0"]);
});

Deno.test("jobsOfId() means the later job where Slurm has given the ID anew", () => {
  const jobs = [
    openJob({ jobId: "4", submittedAtMs: 11 }),
    openJob({ jobId: "8", submittedAtMs: 12, attempts: attemptsOf("4") }),
  ];

  assert.deepEqual(jobsOfId(jobs, "4").map(({ jobId }) => jobId), ["4"]);
});

Deno.test("hadId() does not count the ID that a job has now", () => {
  const job = openJob({ jobId: "8", attempts: attemptsOf("4_1") });

  assert.deepEqual(["8", "4", "4_1", "4_2"].map((id) => hadId(job, id)), [
    ...[false, true, true, false],
  ]);
});
