import type { OpenDataset } from "../claims/open_dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { parsePredecessorName } from "../jobs/label.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { askSlurm } from "../slurm/ask_slurm.ts";
import { explainUnasked, unaskedIn } from "../slurm/unasked_clusters.ts";
import type { JobStore } from "../store/job_store.ts";
import { judgePredecessor } from "./judge_predecessors.ts";
import type { FoundPredecessor } from "./judge_predecessors.ts";
import { jobsBehind } from "./jobs_behind.ts";
import type { Predecessors } from "./plan_submission.ts";

/** At most so many labels or jobs are named. */
const MOST_NAMED = 5;

/**
 * Finds the jobs that `--after` names: one by its ID, or all open ones of the work tree that have the label; where
 * none is open, the newest that had it. Slurm is asked once how they are: a job that it has
 * forgotten would hold nobody back, however it ended.
 *
 * @returns for each name what it stands for, or why it cannot be waited for.
 */
export async function findPredecessors(
  { dataset, store, session }: OpenDataset,
  names: readonly string[],
): Promise<ReadonlyMap<string, Predecessors | UserError>> {
  const found = new Map<string, FoundPredecessor | UserError>();
  for (const text of new Set(names)) found.set(text, attempt(() => find(dataset, store, text)));
  const open = new Map<number, SubmittedJob>();
  for (const each of found.values()) {
    if (each instanceof UserError) continue;
    for (const job of each.jobs) {
      if (job.stage === "open" && isSubmitted(job)) open.set(job.jobKey, job);
    }
  }
  const statuses = open.size === 0
    ? new Map<number, JobStatus>()
    : await statusesOf(dataset, [...open.values()], session);
  return new Map(
    [...found].map(([text, each]) => [
      text,
      each instanceof UserError ? each : attempt(() => judgePredecessor(store, each, statuses)),
    ]),
  );
}

/**
 * The jobs that all of some names stand for.
 *
 * @throws {UserError} The first reason why one of them cannot be waited for.
 */
export function gatherPredecessors(
  names: readonly string[],
  found: ReadonlyMap<string, Predecessors | UserError>,
): Predecessors {
  const open: PredecessorEvidence[] = [];
  const ended: PredecessorEvidence[] = [];
  for (const name of new Set(names)) {
    const each = found.get(name)!;
    if (each instanceof UserError) throw each;
    open.push(...each.open);
    ended.push(...each.ended);
  }
  return { open, ended };
}

/**
 * Finds the jobs that names stand for, and says which of them have ended.
 *
 * @throws {UserError} As {@linkcode gatherPredecessors}.
 */
export async function predecessorsNamed(
  open: OpenDataset,
  names: readonly string[],
): Promise<Predecessors> {
  const found = gatherPredecessors(names, await findPredecessors(open, names));
  noteEnded([found], open.session);
  return found;
}

/** Says which of the jobs that were to be waited for have ended. */
export function noteEnded(
  predecessors: Iterable<Predecessors | UserError>,
  session: Session,
): void {
  const names = [...predecessors].flatMap((each) => each instanceof UserError ? [] : each.ended)
    .map(({ jobId, label }) => label === undefined ? jobId : `${jobId} (${label})`);
  if (names.length === 0) return;
  const ids = firstOf([...new Set(names)], MOST_NAMED);
  session.note(`nothing has to wait for job ${ids}: finished already`);
}

function find(dataset: Dataset, store: JobStore, text: string): FoundPredecessor {
  const named = parsePredecessorName(text);
  const { name } = named;
  if (!named.isLabel) {
    const behind = jobsBehind(store.listing, name);
    if (behind.jobs.length > 0) return { ...named, ...behind };
    throw new UserError(
      "UNKNOWN_JOB",
      `Cannot wait for job ${name}: it is not a job of this dataset`,
      {
        unchanged: "No job was submitted",
        hint:
          "dlslurm list --all shows the jobs; for one of another dataset let the command itself " +
          `wait: sbatch --dependency=${named.type}:${name} …`,
      },
    );
  }
  const jobs = store.listing.labelled(dataset.worktree, name);
  const unended = jobs.filter(({ stage }) => stage !== "finished" && stage !== "closed");
  if (unended.length > 0) return { ...named, jobs: unended.toReversed() };
  if (jobs.length > 0) return { ...named, jobs: jobs.slice(0, 1) };
  const labels = store.listing.labelsOfOpen(dataset.worktree);
  throw new UserError(
    "UNKNOWN_JOB",
    `Cannot wait for "${name}": no job of this worktree has that label`,
    {
      unchanged: "No job was submitted",
      hint: labels.length === 0
        ? "dlslurm schedule --label NAME gives a job one"
        : `labels of open jobs: ${firstOf(labels, MOST_NAMED)}`,
    },
  );
}

/** Where Slurm cannot be asked, sbatch decides. */
async function statusesOf(
  dataset: Dataset,
  jobs: readonly SubmittedJob[],
  session: Session,
): Promise<ReadonlyMap<number, JobStatus>> {
  try {
    const statuses = await askSlurm(dataset, jobs, session);
    for (const unasked of unaskedIn(statuses.values())) session.warn(explainUnasked(unasked));
    return statuses;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "SLURM_UNAVAILABLE") throw error;
    session.warn(`${error.message}; it is not known whether the jobs to be waited for have failed`);
    return new Map();
  }
}

function attempt<T>(work: () => T): T | UserError {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
