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
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { askSlurm } from "../slurm/ask_slurm.ts";
import { explainUnasked, unaskedIn } from "../slurm/unasked_clusters.ts";
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
  /** `true` for one that failed and is to be submitted again: its state is that of the attempt before. */
  readonly isRepeated?: true;
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
  /**
   * The jobs that failed and are on their way to Slurm again, and therefore not open, by their keys; `true` for
   * those that found no room. Read before each look.
   */
  listRepeated(): ReadonlyMap<number, boolean>;
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
  const repeated = new RepeatedJobs(wait);
  let isAnswered = false;
  let isTold = false;
  for (;;) {
    const open = wait.listJobs();
    const changed = open.flatMap(({ jobKey, jobId }) => {
      const before = known.get(jobKey)?.job.jobId ?? jobId;
      return before === jobId ? [] : [{ jobKey, before, jobId }];
    });
    // They failed, and were submitted again meanwhile: these attempts are waited for.
    for (const { jobKey } of changed) {
      known.delete(jobKey);
      unknownSince.delete(jobKey);
    }
    if (changed.length > 0) session.note(renderChanged(changed));
    repeated.look(session.now().getTime());
    const over = markGone(known, open, repeated);
    const asked = open.filter((job) => known.get(job.jobKey)?.isOver !== true);
    let statuses: ReadonlyMap<number, JobStatus> = new Map();
    try {
      if (asked.length > 0) statuses = await askSlurm(dataset, asked, session);
      isAnswered = true;
      const unasked = unaskedIn(statuses.values());
      if (!isTold) {
        for (const one of unasked) session.warn(`${explainUnasked(one)}; it will be asked again`);
      }
      isTold = unasked.length > 0;
    } catch (error) {
      const isPassing = error instanceof UserError && error.code === "SLURM_UNAVAILABLE";
      if (!isPassing || !isAnswered) throw error;
      if (!isTold) session.warn(`${error.message}; waiting goes on, it will be asked again`);
      isTold = true;
    }
    const nowMs = session.now().getTime();
    for (const job of asked) {
      const { status, isUnknown } = heardOf(
        statuses.get(job.jobKey),
        known.get(job.jobKey)?.status,
      );
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
    // Nothing is open yet of what was named: all of it is on its way to Slurm again.
    const isComing = jobs.length === 0 && repeated.areComing;
    const isOver = jobs.every(({ isOver }) => isOver) && !isComing;
    const pauseMs = isOver ? undefined : nextPause(waitedMs, wait);
    const look = { jobs, newlyOver: over, waitedMs, pauseMs };
    await wait.onLook(look);
    if (pauseMs === undefined) return look;
    await session.sleep(pauseMs);
  }
}

/**
 * What is known of a job by this look and the one before. Where its cluster did not answer, what was known
 * before holds; of a job that was never heard of nobody can tell whether it ever will be: it is unknown.
 */
function heardOf(
  told: JobStatus | undefined,
  before: JobStatus | undefined,
): { readonly status: JobStatus | undefined; readonly isUnknown: boolean } {
  const isUnasked = (status: JobStatus | undefined) => status?.doubt?.kind === "not asked";
  if (told !== undefined && !isUnasked(told)) {
    return { status: told, isUnknown: told.phase === "unknown" };
  }
  const status = before ?? told;
  return { status, isUnknown: isUnasked(status) };
}

/** How many jobs with new IDs are named. */
const MOST_NAMED = 3;

function renderChanged(
  changed: readonly { readonly before: string; readonly jobId: string }[],
): string {
  const pairs = changed.map(({ before, jobId }) => `${before} as ${jobId}`);
  const [what, they] = changed.length === 1
    ? ["1 job was", "it is"]
    : [`${changed.length} jobs were`, "they are"];
  return `${what} submitted again, and ${they} waited for: ${firstOf(pairs, MOST_NAMED)}`;
}

/** What is known of jobs that failed and are on their way to Slurm again. */
class RepeatedJobs {
  readonly #wait: Pick<Wait, "listRepeated">;
  /** When each was seen to be on its way, milliseconds since 1970. */
  readonly #since = new Map<number, number>();
  #found: ReadonlyMap<number, boolean> = new Map();
  #nowMs = 0;

  constructor(wait: Pick<Wait, "listRepeated">) {
    this.#wait = wait;
  }

  look(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#found = this.#wait.listRepeated();
    // As long as some of many are submitted, the others may be.
    if (this.#found.size !== this.#since.size) this.#since.clear();
    for (const key of this.#found.keys()) this.#since.set(key, this.#since.get(key) ?? nowMs);
  }

  /** Whether a job is among them. */
  has(key: number): boolean {
    return this.#found.has(key);
  }

  /** Whether one of them will be submitted, as far as can be told; whoever was to do it may have been killed. */
  isComing(key: number): boolean {
    return this.#found.get(key) === false && this.#nowMs - this.#since.get(key)! < UNKNOWN_FOR_MS;
  }

  /** Whether that is so of any. */
  get areComing(): boolean {
    return this.#found.keys().some((key) => this.isComing(key));
  }
}

/** Takes jobs for over that are not open any more and do not come back; gives those that are over since. */
function markGone(
  known: Map<number, WaitedJob>,
  open: readonly SubmittedJob[],
  repeated: RepeatedJobs,
): WaitedJob[] {
  const keys = new Set(open.map(({ jobKey }) => jobKey));
  const missing = [...known.values()].filter(({ job, isGone }) => !isGone && !keys.has(job.jobKey));
  const changed = missing.flatMap((waited): WaitedJob[] => {
    const { jobKey } = waited.job;
    if (repeated.has(jobKey)) {
      return [{ ...waited, isOver: !repeated.isComing(jobKey), isRepeated: true }];
    }
    return waited.isOver ? [] : [{ ...waited, isOver: true, isGone: true }];
  });
  const newlyOver = changed.filter(({ job, isOver }) => isOver && !known.get(job.jobKey)!.isOver);
  for (const waited of changed) known.set(waited.job.jobKey, waited);
  return newlyOver;
}
