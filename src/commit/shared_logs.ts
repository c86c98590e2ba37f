import { lstatIfPresent } from "../fs/if_present.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import { endOf } from "../jobs/job_status.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { stateWord } from "../jobs/job_state.ts";
import { tellsTask } from "../slurm/log_paths.ts";
import type { SlurmOutputFinder } from "./slurm_outputs.ts";

/** An open job, which may have written logs. */
export interface LoggingJob {
  /** With what is known of its logs. */
  readonly job: SubmittedJob;
  /** `undefined` if Slurm was not asked. */
  readonly status: JobStatus | undefined;
}

/** Who has written to a log that several submissions name: of each kind one, and one of another submission. */
interface Writers {
  /** Of the jobs that Slurm was asked about, those that did so last. */
  readonly last: LoggingJob[];
  /** Jobs that it was not asked about. */
  readonly unasked: LoggingJob[];
}

/** Accounting tells whole seconds. */
const SECOND_MS = 1_000;

/**
 * Logs that several open jobs name: a batch script that has no `%j` in the name of its log lets each of its jobs
 * begin the same file anew. What is in it is of the one that wrote to it last, and of no other. The tasks of one
 * array that have a log in common are not told apart.
 */
export class SharedLogs {
  readonly #root: string;
  readonly #writers = new Map<string, Writers>();

  /** Looks at what Slurm calls the logs, and at paths only where two jobs have the same name. */
  constructor(root: string, finder: SlurmOutputFinder, jobs: readonly LoggingJob[]) {
    this.#root = root;
    const first = new Map<string, LoggingJob>();
    const sharing = new Set<LoggingJob>();
    for (const each of jobs) {
      for (const name of namesOf(each.job)) {
        const other = first.get(name);
        if (other === undefined) first.set(name, each);
        else sharing.add(other).add(each);
      }
    }
    for (const each of sharing) {
      finder.findReadable(each.job, each.status, (path) => {
        this.#note(path, each);
        return false; // nothing has to be asked of the file system
      });
    }
  }

  #note(path: string, each: LoggingJob): void {
    const place = placeOf(path, each);
    const writers = this.#writers.get(place) ?? { last: [], unasked: [] };
    this.#writers.set(place, writers);
    const others = each.status === undefined ? writers.unasked : writers.last;
    others.push(each);
    if (each.status !== undefined) others.sort((a, b) => isLater(a, b) ? -1 : 1);
    const [first] = others;
    const second = others.find((other) => !isOfSame(other, first!));
    others.splice(0, others.length, first!, ...(second === undefined ? [] : [second]));
  }

  /** The job that has written to a log since `own`, or may have; `undefined` if there is none. */
  async laterWriterOf(path: string, own: LoggingJob): Promise<SubmittedJob | undefined> {
    const writers = this.#writers.get(placeOf(path, own));
    const last = writers?.last.find((other) => !isOfSame(other, own));
    if (last !== undefined && isLater(last, own)) return last.job;
    const unasked = writers?.unasked.find((other) => !isOfSame(other, own));
    if (unasked === undefined) return undefined;
    // Nobody has asked how that one is: what was written after this one's end is not this one's.
    const file = `${own.job.altDir ?? this.#root}/${path}`;
    const writtenMs = (await lstatIfPresent(file))?.mtime?.getTime() ?? 0;
    const endMs = own.status && endOf(own.status);
    return endMs === undefined || writtenMs > endMs + SECOND_MS ? unasked.job : undefined;
  }
}

/** What tells the logs of a job from those of others: their names and what is still to be filled in. */
function namesOf({ jobId, details, reusedFromS }: SubmittedJob): Set<string> {
  if (details === null || reusedFromS !== null) return new Set();
  const { submittedId, arrayTaskId } = splitJobId(jobId);
  return new Set(
    details.logs.map(({ path }) => {
      const job = /%[0-9]*[AjJ]/.test(path) ? submittedId : "";
      const task = tellsTask(path) || /%a/.test(path) ? arrayTaskId ?? "" : "";
      return JSON.stringify([path, job, task]);
    }),
  );
}

/** Whether two jobs are tasks of one array, or the same. */
function isOfSame(one: LoggingJob, other: LoggingJob): boolean {
  const [own, theirs] = [splitJobId(one.job.jobId), splitJobId(other.job.jobId)];
  return own.submittedId === theirs.submittedId && one.job.cluster === other.job.cluster;
}

/** The same relative path is another one in an alternative folder. */
function placeOf(path: string, { job }: LoggingJob): string {
  return JSON.stringify([job.altDir, path]);
}

/** Whether one job has written its logs after another one. */
function isLater(one: LoggingJob, other: LoggingJob): boolean {
  const [own, theirs] = [lastWriteMs(one), lastWriteMs(other)];
  return own > theirs || (own === theirs && one.job.jobKey > other.job.jobKey);
}

/** When a job has written its logs at the latest, milliseconds since 1970; -1: it has not begun. */
function lastWriteMs({ status }: LoggingJob): number {
  if (status === undefined || status.phase === "unknown") return Infinity;
  if (status.phase !== "active") return endOf(status) ?? Number.MAX_SAFE_INTEGER;
  return status.entries.every(({ state }) => stateWord(state) === "PENDING") ? -1 : Infinity;
}
