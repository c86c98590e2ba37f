import type { SubmittedJob } from "../../jobs/job.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import type { ResultRecord } from "../context.ts";

/** What the user allows beyond committing completed jobs. */
export interface Permissions {
  /** Failed jobs may be closed. */
  readonly closeFailed: boolean;
  /** Failed jobs may be committed; goes before `closeFailed`. */
  readonly commitFailed: boolean;
  /** Jobs that Slurm does not know may be closed. */
  readonly closeUnknown: boolean;
  /** Commit a job of which Slurm does not tell everything. */
  readonly commitUnknown: boolean;
}

/** What is to be done with one open job. */
export type Decision =
  | { readonly kind: "commit"; readonly job: SubmittedJob; readonly status: JobStatus }
  | { readonly kind: "close"; readonly job: SubmittedJob; readonly record: ResultRecord }
  | { readonly kind: "leave"; readonly job: SubmittedJob; readonly record: ResultRecord };

/**
 * Decides for each job from what Slurm says: completed ones are committed, failed ones closed or
 * committed where that is allowed, all others left as they are.
 */
export function decideJobs(
  jobs: readonly SubmittedJob[],
  statuses: ReadonlyMap<number, JobStatus>,
  allowed: Permissions,
): Decision[] {
  return jobs.map((job) => decide(job, statuses.get(job.key)!, allowed));
}

function decide(job: SubmittedJob, status: JobStatus, allowed: Permissions): Decision {
  const summary = [...status.states].map(([id, state]) => `${id}: ${state}`).join(", ");
  const isFailed = status.phase === "failed";
  const isUnknown = status.phase === "unknown";
  if (
    status.phase === "completed" || (isFailed && allowed.commitFailed) ||
    (isUnknown && allowed.commitUnknown)
  ) {
    return { kind: "commit", job, status };
  }
  if ((isFailed && allowed.closeFailed) || (isUnknown && allowed.closeUnknown)) {
    const which = isFailed ? "failed / cancelled jobs" : "a job that Slurm does not know";
    return {
      kind: "close",
      job,
      record: record(job, status, "ok", `Closing ${which}. Statuses: ${summary}`),
    };
  }
  const message = `Slurm job(s) for job ${job.jobId} are not complete.Statuses: ${summary}`;
  return {
    kind: "leave",
    job,
    record: { ...record(job, status, "impossible", message), ...hintFor(job, status) },
  };
}

function record(
  job: SubmittedJob,
  status: JobStatus,
  resultStatus: "ok" | "impossible",
  message: string,
): ResultRecord {
  return {
    action: "slurm-finish",
    status: resultStatus,
    message,
    slurmJobId: job.jobId,
    slurmStates: Object.fromEntries(status.states),
  };
}

function hintFor(job: SubmittedJob, status: JobStatus): { readonly hint?: string } {
  if (status.phase === "failed") {
    return {
      hint: "failed jobs: dlslurm finish --close-failed-jobs gives them up, " +
        "--commit-failed-jobs commits what they wrote",
    };
  }
  if (status.phase === "unknown") {
    return {
      hint: `Slurm does not tell about job ${job.jobId}: accounting may lag, try again later; ` +
        `if it is gone for good: dlslurm finish ${job.jobId} --close-unknown-jobs, or --commit-unknown-jobs`,
    };
  }
  return {};
}
