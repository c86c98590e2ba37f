import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { stateWord } from "../jobs/job_state.ts";
import { foldersAround, pathAndFoldersAround } from "../paths/root_paths.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";

/** At most so many jobs are named. */
const MOST_NAMED = 3;

/** An open job that is left open. */
export interface OtherJob {
  /** Open in the store. */
  readonly job: Pick<SubmittedJob, "jobId" | "outputs">;
  /** `undefined` if Slurm was not asked. */
  readonly status: JobStatus | undefined;
}

/**
 * Warns of jobs that may be at work in outputs which are about to be committed as those of other jobs, where
 * `--no-check-outputs` let them have the same: nothing tells who wrote a file there, or whether it is whole.
 */
export function warnOfSharers(
  committed: readonly Pick<SubmittedJob, "jobId" | "outputs">[],
  others: readonly OtherJob[],
  session: Session,
): void {
  const working = others.filter(({ status }) => mayHaveBegun(status));
  if (working.length === 0) return;
  const at = new Map<string, string[]>();
  const below = new Map<string, string[]>();
  for (const { jobId, outputs } of committed) {
    for (const claim of outputs) {
      add(at, claim, jobId);
      for (const folder of foldersAround(claim)) add(below, folder, jobId);
      add(below, ".", jobId);
    }
  }
  for (const { job, status } of working) {
    const claim = job.outputs.find((each) => sharing(at, below, each).length > 0);
    if (claim === undefined) continue;
    const jobs = [...new Set(job.outputs.flatMap((each) => sharing(at, below, each)))];
    const state = status === undefined ? "nobody has asked how it is" : status.groupState;
    session.warn(
      `job ${job.jobId} is open (${state}) and claims "${claim}", too: what it has written there until now, ` +
        `whole or not, goes into the commit of job ${firstOf(jobs, MOST_NAMED)}`,
    );
  }
}

function mayHaveBegun(status: JobStatus | undefined): boolean {
  return status === undefined || status.phase === "unknown" ||
    (status.phase === "active" &&
      status.entries.some(({ state }) => stateWord(state) !== "PENDING"));
}

function sharing(
  at: ReadonlyMap<string, readonly string[]>,
  below: ReadonlyMap<string, readonly string[]>,
  claim: string,
): string[] {
  const around = [...pathAndFoldersAround(claim), "."].flatMap((place) => at.get(place) ?? []);
  return [...around, ...below.get(claim) ?? []];
}

function add(jobs: Map<string, string[]>, place: string, jobId: string): void {
  const known = jobs.get(place);
  if (known === undefined) jobs.set(place, [jobId]);
  else known.push(jobId);
}
