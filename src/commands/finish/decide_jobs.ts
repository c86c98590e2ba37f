import type { SubmittedJob } from "../../jobs/job.ts";
import { phaseOf, UNKNOWN_STATE } from "../../jobs/job_state.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { renderStatuses } from "../../jobs/job_summary.ts";
import type { Doubt } from "../../jobs/own_entries.ts";
import { firstOf } from "../../session/name_list.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import { nameOfCluster } from "../../slurm/unasked_clusters.ts";

/** What the user allows beyond committing completed jobs. */
export interface Permissions {
  /** Failed jobs may be closed. */
  readonly closeFailed: boolean;
  /** Failed jobs may be committed; takes precedence over `closeFailed`. */
  readonly commitFailed: boolean;
  /** Jobs that Slurm does not know may be closed. */
  readonly closeUnknown: boolean;
  /** Commit a job of which Slurm does not tell everything. */
  readonly commitUnknown: boolean;
  /** Only jobs that have ended are asked for: one that is active is no failure. */
  readonly endedOnly: boolean;
}

/** What is to be done with one open job. */
export type Decision =
  | { readonly kind: "commit"; readonly job: SubmittedJob; readonly status: JobStatus }
  | {
    readonly kind: "close" | "leave";
    readonly job: SubmittedJob;
    readonly status: JobStatus;
    readonly record: ResultRecord;
  };

/**
 * Decides for each job from what Slurm says: completed ones are committed, failed ones closed or
 * committed where that is allowed, all others left as they are.
 */
export function decideJobs(
  jobs: readonly SubmittedJob[],
  statuses: ReadonlyMap<number, JobStatus>,
  allowed: Permissions,
): Decision[] {
  // Of two with one ID a person who says that it is over means the one that Slurm knows no more.
  const reused = new Set(jobs.filter((job) => job.reusedFromS !== null).map((job) => job.jobId));
  return jobs.map((job) => {
    const isMeant = job.reusedFromS !== null || !reused.has(job.jobId);
    const own = isMeant ? allowed : { ...allowed, closeUnknown: false, commitUnknown: false };
    return decide(job, statuses.get(job.jobKey)!, own);
  });
}

function decide(job: SubmittedJob, status: JobStatus, allowed: Permissions): Decision {
  const summary = renderStatuses(job.jobId, status);
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
      status,
      record: record(job, status, "ok", `Closing ${which}. Statuses: ${summary}`),
    };
  }
  const message = `Slurm job(s) for job ${job.jobId} are not complete.Statuses: ${summary}`;
  if (status.phase === "active" && allowed.endedOnly) {
    const left = { ...record(job, status, "notneeded", message), ...hintFor(job, status) };
    return { kind: "leave", job, status, record: left };
  }
  return {
    kind: "leave",
    job,
    status,
    record: {
      ...record(job, status, "impossible", message),
      ...wordsOfSlurm(status),
      ...hintFor(job, status),
    },
  };
}

function record(
  job: SubmittedJob,
  status: JobStatus,
  resultStatus: "ok" | "notneeded" | "impossible",
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

/** What kept a cluster from being asked. */
function wordsOfSlurm({ doubt }: JobStatus): Pick<ResultRecord, "detail"> {
  if (doubt?.kind !== "not asked") return {};
  return { detail: doubt.error.detail ?? doubt.error.problem };
}

function hintFor(job: SubmittedJob, status: JobStatus): { readonly hint?: string } {
  if (status.activeAttempts !== undefined) {
    const ids = firstOf(status.activeAttempts, MOST_NAMES);
    return {
      hint:
        `an attempt that had failed is active again, job ${ids}, and writes where job ${job.jobId} does: ` +
        `wait for its end, or scancel ${status.activeAttempts.slice(0, MOST_NAMES).join(" ")}`,
    };
  }
  if (status.phase === "failed") {
    const isPartlyDone = job.taskOutputs != null &&
      [...status.states.values()].some((state) => phaseOf(state) === "completed");
    const parts = isPartlyDone
      ? `; dlslurm finish ${job.jobId} --commit-completed-tasks commits the tasks that completed`
      : "";
    return {
      hint: "failed jobs: dlslurm retry submits them again, " +
        "dlslurm finish --close-failed-jobs gives them up, " +
        `--commit-failed-jobs commits what they wrote${parts}`,
    };
  }
  if (status.phase === "unknown") {
    const word = `dlslurm finish ${job.jobId} --close-unknown-jobs, or --commit-unknown-jobs`;
    return {
      hint: status.doubt === undefined
        ? `${whatIsUnknown(job, status)}: ${word}`
        : `${explainDoubt(job, status.doubt)}: ${word}`,
    };
  }
  return {};
}

/** What Slurm does not say, or says without telling whether it is over, and what may be done first. */
function whatIsUnknown({ jobId }: SubmittedJob, { states }: JobStatus): string {
  const silent = [...states].filter(([, state]) => state === UNKNOWN_STATE).map(([id]) => id);
  // As job_status.ts calls tasks and components that nobody has told of.
  if (silent.some((id) => id.endsWith("?"))) {
    return `which tasks or components job ${jobId} has is not known: scontrol did not say, and its command ` +
      `does not; if sacct -X -j ${jobId} shows that all of it is over`;
  }
  const words = new Set([...states.values()].filter((state) => phaseOf(state) === "unknown"));
  const problem = silent.length === states.size
    ? `Slurm says nothing about job ${jobId}`
    : silent.length > 0
    ? `Slurm says nothing about ${firstOf(silent, MOST_NAMES)}`
    : `Slurm calls job ${jobId} ${[...words].join(", ")}, which does not say how it ended`;
  return `${problem}: accounting may lag, try again later; if it is permanently gone`;
}

/** More are counted. */
const MOST_NAMES = 5;

/** Why it is unknown what became of a job, and when the user may say it: ends before a colon. */
function explainDoubt(job: SubmittedJob, doubt: Doubt): string {
  const { jobId } = job;
  switch (doubt.kind) {
    case "not queued":
      return `accounting calls job ${jobId} ${doubt.state}, and squeue does not know it: its end may ` +
        "be lost; if you know that it is over";
    case "not asked":
      return `${
        nameOfCluster(doubt.cluster)
      } cannot be asked, while others can: try again later; if the ` +
        "job is permanently gone, or you know that it is over";
    case "job ID reused":
      return `Slurm has given ID ${jobId} to another job since, at ${
        timeOf(doubt.submitS)
      }, and does ` +
        "not say what became of this one; if you know that it is over";
    case "other submission":
      return `Slurm reports a job ${jobId} that was submitted ${
        distanceOf(doubt.seconds)
      } this one, ` +
        `at ${timeOf(doubt.submitS)}: the clock of this machine and Slurm's differ${
          isZone(doubt.seconds) ? ", or sacct prints times of another time zone," : ""
        } or another job has its ID; if you know that it is over`;
  }
}

function timeOf(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}

function distanceOf(seconds: number): string {
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= 2 * length) ?? ["s", 1];
  return `${Math.round(Math.abs(seconds) / length)} ${unit} ${seconds < 0 ? "before" : "after"}`;
}

const UNITS = [["days", 86_400], ["h", 3_600], ["min", 60]] as const;

/** Time zones differ by quarters of an hour, by up to 14 hours; submissions take a while. */
function isZone(seconds: number): boolean {
  const rest = Math.abs(seconds) % 900;
  return Math.abs(seconds) <= 14 * 3600 && Math.min(rest, 900 - rest) <= 60;
}
