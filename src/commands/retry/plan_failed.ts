import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { stateWord } from "../../jobs/job_state.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { renderStatuses } from "../../jobs/job_summary.ts";
import { toUserError } from "../../process/system_error.ts";
import type { Session } from "../../session/session.ts";
import { askAccounting } from "../../slurm/ask_accounting.ts";
import { slurmClientOf } from "../../slurm/slurm_client.ts";
import type { Retry } from "../../store/retries.ts";
import { openJobsIn } from "../../submit/awaited_inputs.ts";
import type { OpenJobs } from "../../submit/awaited_inputs.ts";
import { growthOf, longestTimes, parseGrowth } from "../../submit/retry/grow.ts";
import { planRetry } from "../../submit/retry/plan_retry.ts";
import { predecessorsNow } from "../../submit/retry/predecessors_now.ts";
import type { PastWait } from "../../submit/retry/predecessors_now.ts";
import { reportLeft, reportRefused } from "./report_left.ts";
import type { Reason } from "./report_left.ts";
import type { RetryCommandOptions } from "./definition.ts";

/** A failed job that is to be submitted again. */
export interface Failed {
  /** The job. */
  readonly job: SubmittedJob;
  /** How it ended. */
  readonly status: JobStatus;
  /** What its next attempt will be. */
  readonly retry: Retry;
}

/** The jobs that may be submitted again, and what Slurm says of them. */
export interface Choice {
  /** Those that were chosen. */
  readonly jobs: readonly SubmittedJob[];
  /** What they had waited for, by key. */
  readonly waits: ReadonlyMap<number, PastWait>;
  /** Of these, and of the jobs that they wait for, by key. */
  readonly statuses: ReadonlyMap<number, JobStatus>;
  /** Only those are meant that ended so; all if there are none. */
  readonly states: ReadonlySet<string>;
  /** The IDs and labels that were named. */
  readonly named: readonly string[];
}

/** Plans the next attempts of the jobs that have failed; of the others it is said why they are left. */
export async function planFailed(
  { dataset, store, session }: OpenDataset,
  { jobs, waits, statuses, states, named }: Choice,
  options: RetryCommandOptions,
): Promise<{ readonly failed: readonly Failed[]; readonly isAnyLeft: boolean }> {
  const openJobs = openJobsIn(() => store, dataset.worktree);
  const growths = await growthsOf(dataset, { jobs, statuses }, options, session);
  const failed: Failed[] = [];
  let isAnyLeft = false;
  for (const job of jobs) {
    const status = statuses.get(job.jobKey)!;
    const reason = reasonAgainst(job, status, states, options.attempts);
    if (reason !== undefined) {
      // Of a label and of an array those are meant that have failed.
      if (!named.includes(job.jobId) && reason.isWorthReporting !== true) continue;
      reportLeft(dataset, job, reason, session);
      isAnyLeft = true;
      continue;
    }
    try {
      const retry = await planRetry(dataset, job, status, {
        sbatchOptions: [...growths.get(job.jobKey) ?? [], ...options.sbatchOptions],
        openJobs: openJobsBeside(job, openJobs),
        after: predecessorsNow(job, waits.get(job.jobKey)!, { store, statuses }),
      });
      failed.push({ job, status, retry });
    } catch (error) {
      reportRefused(dataset, job, toUserError(error), session);
      isAnyLeft = true;
    }
  }
  return { failed, isAnyLeft };
}

/** A job does not wait for itself, though it holds its claims. */
function openJobsBeside({ jobKey }: SubmittedJob, openJobs: OpenJobs): OpenJobs {
  return {
    writersOf: (path, inside) =>
      openJobs.writersOf(path, inside).filter((holder) => holder.jobKey !== jobKey),
    predecessorsOf: (jobId) => openJobs.predecessorsOf(jobId),
  };
}

/** The options by which failed jobs get more than they had, by their keys; none without `--grow`. */
async function growthsOf(
  dataset: Dataset,
  { jobs, statuses }: Pick<Choice, "jobs" | "statuses">,
  { grow }: RetryCommandOptions,
  session: Session,
): Promise<ReadonlyMap<number, readonly string[]>> {
  if (grow === undefined) return new Map();
  const factors = parseGrowth(grow === true ? "" : grow);
  const failed = jobs.map((job) => ({ job, status: statuses.get(job.jobKey)! }))
    .filter(({ status }) => status.phase === "failed");
  const accounted = await askAccounting(dataset, failed, session);
  const partitions = new Set(
    [...accounted.values()].flatMap(({ accounting }) => accounting.partition ?? []),
  );
  const longest = await longestTimes(slurmClientOf(dataset, session), partitions);
  return new Map(failed.map(({ job, status }) => {
    const { accounting } = accounted.get(job.jobKey) ?? {};
    const growth = growthOf([...status.states.values()], accounting, factors, {
      longest: longest.get(accounting?.partition ?? ""),
      command: job.cmd,
    });
    if (growth.problem !== undefined) {
      session.warn(`job ${job.jobId} gets no more than it had: ${growth.problem}`);
    }
    return [job.jobKey, growth.options] as const;
  }));
}

function reasonAgainst(
  job: SubmittedJob,
  status: JobStatus,
  states: ReadonlySet<string>,
  most: number,
): Reason | undefined {
  const shown = renderStatuses(job.jobId, status);
  if (status.phase !== "failed") {
    return {
      message: `it has not failed: ${shown}`,
      hint: status.phase === "completed"
        ? `dlslurm finish ${job.jobId} commits it`
        : `dlslurm list ; dlslurm retry again when it has ended`,
    };
  }
  if (job.commitOid !== null) {
    return {
      message: "a finish of it was interrupted",
      hint: `dlslurm finish ${job.jobId}`,
      isWorthReporting: true,
    };
  }
  const words = [...status.states.values()].map(stateWord);
  if (states.size > 0 && !words.some((word) => states.has(word))) {
    return { message: `it ended otherwise: ${shown}` };
  }
  if (job.attempts.length + 1 >= most) {
    return {
      message: `it has failed ${job.attempts.length + 1} times: ${shown}`,
      hint: `dlslurm retry ${job.jobId} --attempts ${job.attempts.length + 2}, or ` +
        `dlslurm finish ${job.jobId} --close-failed-jobs`,
      isWorthReporting: true,
    };
  }
  return undefined;
}
