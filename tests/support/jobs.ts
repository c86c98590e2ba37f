import type { Job, JobRequest, SubmittedJob } from "../../src/jobs/job.ts";

/** What is known of a plain job before it is submitted, but for what a test is about. */
export function jobRequest(changes: Partial<JobRequest> = {}): JobRequest {
  return {
    cmd: "sbatch job.sh",
    pwd: ".",
    dsid: null,
    message: null,
    chain: [],
    inputs: [],
    extraInputs: [],
    outputs: ["out"],
    altDir: null,
    rescheduledJobId: null,
    worktree: "",
    ...changes,
  };
}

/** An open job with ID 151, but for what a test is about. */
export function openJob(changes: Partial<SubmittedJob> = {}): SubmittedJob {
  const job: SubmittedJob & Job = {
    ...jobRequest(),
    jobKey: 1,
    stage: "open",
    submitter: "{}",
    jobId: "151",
    cluster: null,
    submittedAtMs: 1_799_999_000_000,
    acceptedAtMs: 1_799_999_001_000,
    details: null,
    reusedFromS: null,
    end: null,
    commitOid: null,
    commitBase: null,
    row: null,
    attempts: [],
    sbatchOptions: [],
  };
  return { ...job, ...changes };
}
