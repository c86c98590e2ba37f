import assert from "node:assert/strict";
import type { Attempt, JobEnd } from "../../src/jobs/job.ts";
import { withOpenJob } from "./open_job.ts";

const END: JobEnd = {
  ...{ state: "FAILED", counts: { FAILED: 1 }, exitCode: "1:0" },
  ...{ elapsed: "00:00:05", timeLimit: "01:00:00", endS: 1_800_000_009 },
};

Deno.test("JobNotes adds what scontrol told of a job, and how it ended", () =>
  withOpenJob((store, key) => {
    const details = {
      ...{ logs: [{ task: null, path: "/x/slurm-1.out" }], environmentFile: null },
      ...{ arrayTasks: null, submitS: 1_800_000_000, jobName: "fit", user: "ada" },
    };
    store.notes.addDetails(new Map([[key, details], [99, details]]));
    store.notes.addEnds(new Map([[key, END], [99, END]]));

    const job = store.findByJobId("1")!;
    assert.deepEqual([job.details, job.end], [details, END]);
    assert.equal(store.findSubmitted(99), undefined);
  }));

Deno.test("JobNotes.replaceAttempts() leaves a job alone that has none, or is not open any more", () =>
  withOpenJob((store, key) => {
    const { submitter, submittedAtMs, acceptedAtMs, cmd } = store.findSubmitted(key)!;
    const attempt: Attempt = {
      ...{ jobId: "0", cluster: null, submitter, submittedAtMs, acceptedAtMs, cmd, options: [] },
      ...{ reusedFromS: null, details: null, arrayTask: null, submissionKey: null },
      ...{ completedTasks: "", end: END },
    };
    store.notes.replaceAttempts(new Map([[key, [attempt]]]));

    assert.deepEqual(store.findByJobId("1")!.attempts, []);
  }));
