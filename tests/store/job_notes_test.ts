import assert from "node:assert/strict";
import type { Attempt, JobEnd, JobRequest } from "../../src/jobs/job.ts";
import { JobStore } from "../../src/store/job_store.ts";

const REQUEST: JobRequest = {
  ...{ cmd: "sbatch job.sh", pwd: ".", dsid: null, message: null, altDir: null, worktree: "" },
  ...{ chain: [], inputs: [], extraInputs: [], rescheduledJobId: null, outputs: ["out"] },
};

const END: JobEnd = {
  ...{ state: "FAILED", counts: { FAILED: 1 }, exitCode: "1:0" },
  ...{ elapsed: "00:00:05", timeLimit: "01:00:00", endS: 1_800_000_009 },
};

/** Runs `test` with an open job, and gives it the job's key. */
async function withJob(test: (store: JobStore, key: number) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    using store = JobStore.open(folder);
    const key = store.beginSubmission(REQUEST, "{}", 1);
    store.storeReceipt(key, "1", null);
    test(store, key);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("JobNotes adds what scontrol told of a job, and how it ended", () =>
  withJob((store, key) => {
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
  withJob((store, key) => {
    const { submitter, submittedAtMs, acceptedAtMs, cmd } = store.findSubmitted(key)!;
    const attempt: Attempt = {
      ...{ jobId: "0", cluster: null, submitter, submittedAtMs, acceptedAtMs, cmd, options: [] },
      ...{ reusedFromS: null, details: null, arrayTask: null, submissionKey: null },
      ...{ completedTasks: "", end: END },
    };
    store.notes.replaceAttempts(new Map([[key, [attempt]]]));

    assert.deepEqual(store.findByJobId("1")!.attempts, []);
  }));
