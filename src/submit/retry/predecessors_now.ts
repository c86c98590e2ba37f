import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { PredecessorEvidence } from "../../jobs/evidence.ts";
import { isSubmitted } from "../../jobs/job.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { isPredecessorName, parsePredecessorName } from "../../jobs/label.ts";
import { jobsIn, predecessorsIn } from "../../slurm/dependency.ts";
import type { JobStore } from "../../store/job_store.ts";
import { dependencyOfCommand } from "../command_dependency.ts";
import { judgePredecessor } from "../judge_predecessors.ts";
import { jobsBehind } from "../jobs_behind.ts";
import type { JobsBehind } from "../jobs_behind.ts";
import type { Predecessors } from "../plan_submission.ts";

/** What a failed job had waited for. */
export interface PastWait {
  /** The jobs, by the IDs that they had then. */
  readonly after: readonly PredecessorEvidence[];
  /** What its command, or today's batch script, says of it; empty for nothing. */
  readonly own: string;
}

/** Finds out what failed jobs had waited for, by their keys. */
export async function pastWaitsOf(
  { root }: Dataset,
  jobs: readonly SubmittedJob[],
): Promise<ReadonlyMap<number, PastWait>> {
  const waits = new Map<number, PastWait>();
  for (const { jobKey, cmd, pwd, altDir, after = [] } of jobs) {
    const directory = join(root, pwd);
    const place = { directory, runsIn: altDir === null ? directory : join(altDir, pwd) };
    const { text: own = "" } = await dependencyOfCommand(cmd, place);
    waits.set(jobKey, { after, own });
  }
  return waits;
}

/** The open jobs behind all that was waited for: Slurm is asked for them. */
export function openJobsBehind(store: JobStore, waits: Iterable<PastWait>): SubmittedJob[] {
  const ids = [...waits].flatMap(({ after, own }) => [
    ...after.map(({ jobId }) => jobId),
    ...jobsIn(own),
  ]);
  const jobs = [...new Set(ids)].flatMap((jobId) => jobsBehind(store.listing, jobId).jobs)
    .filter(({ stage }) => stage === "open").filter(isSubmitted);
  return [...new Map(jobs.map((job) => [job.jobKey, job])).values()];
}

/** What is known of the jobs that are waited for. */
export interface KnownJobs {
  /** All jobs. */
  readonly store: JobStore;
  /** What Slurm says of those that are open, by key. */
  readonly statuses: ReadonlyMap<number, JobStatus>;
}

/**
 * The jobs that a job waits for, with the IDs that they have by now.
 *
 * @throws {UserError} `BAD_DEPENDENCY` for one that has failed or was closed: waiting for it would be in vain.
 */
export function predecessorsNow(
  job: SubmittedJob,
  { after, own }: PastWait,
  { store, statuses }: KnownJobs,
): Predecessors {
  const open: PredecessorEvidence[] = [];
  const ended: PredecessorEvidence[] = [];
  const judge = (predecessor: PredecessorEvidence) => {
    const behind = behindOf(store, predecessor, predecessor.cluster ?? null);
    return behind && judged(job, predecessor, behind, { store, statuses });
  };
  for (const predecessor of after) {
    const now = judge(predecessor);
    open.push(...now?.open ?? []);
    ended.push(...now?.ended ?? [predecessor]);
  }
  const idsNow = new Map<string, readonly string[]>();
  const certain = predecessorsIn(own);
  for (const jobId of jobsIn(own)) {
    const known = certain.find((each) => each.jobId === jobId);
    const type = known?.type ?? "afterany";
    const now = judge({ jobId, type, ...(job.cluster === null ? {} : { cluster: job.cluster }) });
    // Jobs of other datasets are left to Slurm, and of several of which one is enough each counts.
    if (now === undefined || (now.open.length === 0 && own.includes("?"))) continue;
    idsNow.set(jobId, now.open.map((each) => each.jobId));
    if (known === undefined || after.some((each) => isSame(each, known))) continue;
    open.push(...now.open);
    ended.push(...now.ended);
  }
  return {
    open,
    ended,
    ...(idsNow.size === 0 ? {} : { idsNow: (jobId: string) => idsNow.get(jobId) ?? [jobId] }),
  };
}

function isSame(one: PredecessorEvidence, other: PredecessorEvidence): boolean {
  return one.jobId === other.jobId && (one.type ?? "afterok") === (other.type ?? "afterok");
}

/** The jobs behind an ID; `undefined` if this dataset has none on that cluster. */
function behindOf(
  store: JobStore,
  { jobId }: PredecessorEvidence,
  cluster: string | null,
): JobsBehind | undefined {
  const behind = jobsBehind(store.listing, jobId);
  const isOurs = behind.jobs.length > 0 && behind.jobs.every((each) => each.cluster === cluster);
  return isOurs ? behind : undefined;
}

function judged(
  { jobId: again }: SubmittedJob,
  { jobId, type = "afterok" }: PredecessorEvidence,
  behind: JobsBehind,
  { store, statuses }: KnownJobs,
): Predecessors {
  const text = `${type}:${jobId}`;
  // Conditions that --after does not take are met by any end.
  const name = parsePredecessorName(isPredecessorName(text) ? text : `any:${jobId}`);
  const withType = (each: PredecessorEvidence) => ({ ...each, type });
  try {
    const { open, ended } = judgePredecessor(store, { ...name, ...behind }, statuses);
    return { open: open.map(withType), ended: ended.map(withType) };
  } catch (error) {
    const failed = behind.jobs.find(({ stage, jobKey }) =>
      stage === "open" && statuses.get(jobKey)?.phase === "failed"
    );
    if (!(error instanceof UserError) || failed === undefined) throw error;
    throw new UserError(
      "BAD_DEPENDENCY",
      `Cannot submit job ${again} again: job ${failed.jobId}, which it waits for, has failed`,
      {
        unchanged: "Nothing was submitted",
        hint: `dlslurm retry ${failed.jobId}, and then this one`,
        cause: error,
      },
    );
  }
}
