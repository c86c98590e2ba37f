import assert from "node:assert/strict";
import { cellOf, listedJob, recordOfJob, wordsOf } from "../../../src/commands/jobs/job_table.ts";
import type { Column } from "../../../src/commands/jobs/job_table.ts";
import type { Dataset } from "../../../src/datalad/dataset.ts";
import type { Job, JobEnd } from "../../../src/jobs/job.ts";
import { statusOf } from "../../../src/jobs/job_status.ts";
import type { JobStatus } from "../../../src/jobs/job_status.ts";
import { openJob } from "../../support/jobs.ts";

const NOW_MS = Date.UTC(2026, 9, 1);

const END: JobEnd = {
  ...{ state: "FAILED", counts: { FAILED: 1 }, exitCode: "1:0", elapsed: "00:01:00" },
  ...{ timeLimit: "01:00:00", endS: NOW_MS / 1000 },
};

/** What Slurm says of an array with tasks in these states. */
function told(...states: readonly string[]): JobStatus {
  const submission = {
    ...{ jobId: "151", submittedAtMs: 0, acceptedAtMs: null, submitS: null, reusedFromS: null },
    arrayTasks: states.map((_, task) => task),
  };
  const entries = states.map((state, task) => ({
    ...{ jobId: `151_${task}`, jobIdRaw: String(151 + task), state, submitS: 0, endS: null },
    ...{ exitCode: "0:0", elapsed: "00:00:05", timeLimit: "", nodeList: "" },
  }));
  return statusOf(submission, { entries, doubt: undefined });
}

function cell(column: Column, job: Partial<Job>, status?: JobStatus): string {
  return cellOf(column, listedJob({ ...openJob(), ...job }, status, false), NOW_MS);
}

const AGES: readonly [seconds: number, age: string][] = [
  [0, "0s"],
  [119, "119s"],
  [120, "2m"],
  [7_199, "119m"],
  [7_200, "2h"],
  [172_799, "47h"],
  [172_800, "2d"],
  // Clocks differ.
  [-5, "0s"],
];

for (const [seconds, age] of AGES) {
  Deno.test(`cellOf() shows an age of ${seconds} s as ${age}`, () => {
    assert.equal(cell("Age", { submittedAtMs: NOW_MS - seconds * 1000 }), age);
  });
}

Deno.test("cellOf() counts the states of tasks, the most frequent first", () => {
  assert.equal(
    cell("State", {}, told("COMPLETED", "RUNNING", "RUNNING")),
    "2 RUNNING, 1 COMPLETED",
  );
  assert.equal(cell("State", {}, told("RUNNING")), "RUNNING");
});

Deno.test("cellOf() shows how a job ended, and its stage alone where nobody told", () => {
  assert.equal(cell("State", { stage: "closed", end: END }), "CLOSED (FAILED)");
  assert.equal(cell("State", { stage: "closed" }), "CLOSED");
  assert.equal(cell("State", { stage: "waiting", jobId: null }), "WAITING");
  // What was noted of an open job is not how it stands now.
  assert.equal(cell("State", { stage: "open", end: END }), "OPEN");
});

Deno.test("cellOf() shows commits of finished jobs only, and one output of several", () => {
  const commitOid = "0123456789abcdef";

  assert.equal(cell("Commit", { stage: "finished", commitOid }), "0123456789");
  assert.equal(cell("Commit", { stage: "finished" }), "none");
  assert.equal(cell("Commit", { stage: "open", commitOid }), "", "a finish is at work on it");
  assert.equal(cell("Output", { outputs: ["a", "b", "c"] }), "a +2");
  assert.equal(cell("Output", { outputs: [] }), "");
  assert.equal(cell("Age", { submittedAtMs: 0 }), "");
  assert.equal(cell("JobID", { jobId: null }), "");
});

Deno.test("wordsOf() tells open jobs by the states of tasks, others by their stage and end", () => {
  const listed = (job: Partial<Job>, status?: JobStatus) =>
    wordsOf(listedJob({ ...openJob(), ...job }, status, false));

  assert.deepEqual(listed({}, told("RUNNING", "FAILED")), ["RUNNING", "FAILED", "active"]);
  assert.deepEqual(listed({ stage: "closed", end: END }), [
    ...["CLOSED", "FAILED", "ended", "failed"],
  ]);
  assert.deepEqual(listed({ stage: "waiting" }), ["WAITING"]);
});

Deno.test("recordOfJob() leaves out what is not known", () => {
  const dataset = { root: "/r" } as Dataset;
  const record = (job: Partial<Job>, isRemoved = false) =>
    recordOfJob(dataset, listedJob({ ...openJob(), ...job }, undefined, isRemoved));

  const ended = record({ stage: "closed", end: { ...END, timeLimit: "", endS: null } }, true);
  const submitting = record({ stage: "submitting", jobId: null });

  assert.deepEqual([ended.slurmState, ended.exitCode, ended.removedWorktree], [
    "FAILED",
    "1:0",
    "",
  ]);
  for (const name of ["timeLimit", "endedAt", "slurmStates", "commit"]) {
    assert(!(name in ended), name);
  }
  for (const name of ["slurmJobId", "slurmState", "slurmJobName"]) {
    assert(!(name in submitting), name);
  }
  assert.equal(record({ stage: "closed", end: END }).endedAt, "2026-10-01T00:00:00.000Z");
});
