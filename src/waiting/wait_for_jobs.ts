/**
 * Waiting for jobs without a burden for Slurm.
 *
 * A *look* is one question about all jobs together; between two looks is a *pause*, each longer than the one
 * before. A job is *over* when Slurm says that it has ended, when somebody has finished or closed it
 * meanwhile, or when nobody has known it for a while. Nothing is changed by waiting, so that it can be
 * interrupted at any time.
 *
 * @module
 */

import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import type { Session } from "../session/session.ts";
import { askSlurm } from "../slurm/ask_slurm.ts";
import { nextPause } from "./pauses.ts";
import type { Pauses } from "./pauses.ts";

/** A job that is waited for. */
export interface WaitedJob {
  /** As it was read from the store last. */
  readonly job: SubmittedJob;
  /** As Slurm told last; `undefined` if it could not be asked yet. */
  readonly status: JobStatus | undefined;
  /** Whether it is not waited for any more. */
  readonly isOver: boolean;
  /** Whether it is over because it is no open job of the dataset any more. */
  readonly isGone: boolean;
}

/** What is known after a look. */
export interface Look {
  /** All jobs that were waited for so far, those that are over included, in the order of their keys. */
  readonly jobs: readonly WaitedJob[];
  /** Those that are over since this look. */
  readonly newlyOver: readonly WaitedJob[];
  /** Milliseconds since waiting began. */
  readonly waitedMs: number;
  /** Milliseconds until the next look; `undefined` if this is the last. */
  readonly pauseMs: number | undefined;
}

/** What is waited for, and how. */
export interface Wait extends Pauses {
  /** The open jobs to be waited for, read anew before each look: some may be gone, others new. */
  listJobs(): readonly SubmittedJob[];
  /** Called after each look, also after the last one. */
  onLook(look: Look): Promise<void>;
}

/** What Slurm has forgotten, or accounting lags behind, is known by then: slurm.conf(5), MinJobAge. */
const UNKNOWN_FOR_MS = 300_000;

/**
 * Waits until all jobs are over or the time is up. That Slurm does not answer for a while ends no wait that
 * has begun: it is asked again after the next pause.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE` if it does not answer the first time.
 * @throws What interrupted the session, as soon as that happens.
 */
export async function waitForJobs(dataset: Dataset, wait: Wait, session: Session): Promise<Look> {
  const beganMs = session.now().getTime();
  const known = new Map<number, WaitedJob>();
  const unknownSince = new Map<number, number>();
  let isAnswered = false;
  let isTold = false;
  for (;;) {
    const open = wait.listJobs();
    for (const { jobKey, jobId } of open) {
      // It failed, and was submitted again meanwhile: that attempt is waited for.
      if ((known.get(jobKey)?.job.jobId ?? jobId) === jobId) continue;
      known.delete(jobKey);
      unknownSince.delete(jobKey);
    }
    const over = markGone(known, open);
    const asked = open.filter((job) => known.get(job.jobKey)?.isOver !== true);
    let statuses: ReadonlyMap<number, JobStatus> = new Map();
    try {
      if (asked.length > 0) statuses = await askSlurm(dataset, asked, session);
      isAnswered = true;
      isTold = false;
    } catch (error) {
      const isPassing = error instanceof UserError && error.code === "SLURM_UNAVAILABLE";
      if (!isPassing || !isAnswered) throw error;
      if (!isTold) session.warn(`${error.message}; waiting goes on, it will be asked again`);
      isTold = true;
    }
    const nowMs = session.now().getTime();
    for (const job of asked) {
      const status = statuses.get(job.jobKey) ?? known.get(job.jobKey)?.status;
      const isUnknown = statuses.get(job.jobKey)?.phase === "unknown";
      if (!isUnknown) unknownSince.delete(job.jobKey);
      else if (!unknownSince.has(job.jobKey)) unknownSince.set(job.jobKey, nowMs);
      const unknownForMs = nowMs - (unknownSince.get(job.jobKey) ?? nowMs);
      const isOver = status?.phase === "completed" || status?.phase === "failed" ||
        unknownForMs >= UNKNOWN_FOR_MS;
      const waited = { job, status, isOver, isGone: false };
      known.set(job.jobKey, waited);
      if (isOver) over.push(waited);
    }
    const waitedMs = nowMs - beganMs;
    const jobs = [...known.values()].sort((a, b) => a.job.jobKey - b.job.jobKey);
    const pauseMs = jobs.every(({ isOver }) => isOver) ? undefined : nextPause(waitedMs, wait);
    const look = { jobs, newlyOver: over, waitedMs, pauseMs };
    await wait.onLook(look);
    if (pauseMs === undefined) return look;
    await session.sleep(pauseMs);
  }
}

/** Takes jobs for over that are not open any more; gives those of which that is new. */
function markGone(known: Map<number, WaitedJob>, open: readonly SubmittedJob[]): WaitedJob[] {
  const keys = new Set(open.map(({ jobKey }) => jobKey));
  const gone = [...known.values()].filter(({ job, isOver }) => !isOver && !keys.has(job.jobKey))
    .map((waited) => ({ ...waited, isOver: true, isGone: true }));
  for (const waited of gone) known.set(waited.job.jobKey, waited);
  return gone;
}
