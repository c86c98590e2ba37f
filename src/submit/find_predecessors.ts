import type { OpenDataset } from "../claims/open_dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { Job, SubmittedJob, WaitingJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import { phaseOf } from "../jobs/job_state.ts";
import type { Phase } from "../jobs/job_state.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { isPredecessorName, parsePredecessorName } from "../jobs/label.ts";
import type { PredecessorName } from "../jobs/label.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { askSlurm } from "../slurm/ask_slurm.ts";
import { explainUnasked, unaskedIn } from "../slurm/unasked_clusters.ts";
import type { JobStore } from "../store/job_store.ts";
import { hintForHolder } from "../claims/output_conflict.ts";
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
  const found = new Map<string, Found | UserError>();
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
      each instanceof UserError ? each : attempt(() => judge(store, each, statuses)),
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

/**
 * Selects the waiting rows that can be submitted. Since they were noted, a predecessor may have failed; once Slurm
 * has forgotten it, it would no longer hold them back. The other rows are reported, and go on waiting.
 */
export async function withoutVain(
  open: OpenDataset,
  keys: readonly number[],
  onVain: (rows: readonly WaitingJob[], error: UserError) => void,
): Promise<readonly number[]> {
  const { store } = open;
  const names = new Map<number, readonly string[]>();
  for (const { jobKey, after = [] } of store.waiting.jobs(keys)) {
    const own = after.map(({ type, jobId }) => `${type}:${jobId}`).filter(isPredecessorName);
    if (own.length > 0) names.set(jobKey, own);
  }
  if (names.size === 0) return keys;
  const found = await findPredecessors(open, [...names.values()].flat());
  const vain = new Map<string, number[]>();
  for (const [key, own] of names) {
    const name = own.find((each) => {
      const what = found.get(each);
      // Only Slurm knows about jobs of other datasets.
      return what instanceof UserError && what.code === "BAD_DEPENDENCY";
    });
    if (name !== undefined) vain.getOrInsert(name, []).push(key);
  }
  for (const [name, own] of vain) {
    onVain([...store.waiting.jobs(own)], found.get(name) as UserError);
  }
  const left = new Set([...vain.values()].flat());
  return keys.filter((key) => !left.has(key));
}

interface Found extends PredecessorName {
  readonly jobs: readonly Job[];
  /** Of the one job, an array, this task alone. */
  readonly taskId?: string;
}

function find(dataset: Dataset, store: JobStore, text: string): Found {
  const named = parsePredecessorName(text);
  const { name } = named;
  if (!named.isLabel) {
    const jobs = store.listing.withAnyId(name);
    if (jobs.length > 0) return { ...named, jobs };
    const { submittedId, arrayTaskId } = splitJobId(name);
    const array = arrayTaskId === null
      ? undefined
      : store.listing.withId(submittedId).find(({ jobId }) => jobId === submittedId);
    if (array !== undefined) return { ...named, jobs: [array], taskId: name };
    throw new UserError(
      "UNKNOWN_JOB",
      `Cannot wait for job ${name}: it is no job of this dataset. No job was submitted`,
      {
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
    `Cannot wait for "${name}": no job of this work tree has that label. No job was submitted`,
    {
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

function judge(
  store: JobStore,
  { jobs, type, name, taskId }: Found,
  statuses: ReadonlyMap<number, JobStatus>,
): Predecessors {
  const evidence = ({ jobId, label, cluster }: SubmittedJob): PredecessorEvidence => ({
    jobId: taskId ?? jobId,
    ...(label ? { label } : {}),
    type,
    ...(cluster === null ? {} : { cluster }),
  });
  const [open, ended]: [SubmittedJob[], SubmittedJob[]] = [[], []];
  for (const job of jobs) {
    if (!isSubmitted(job)) throw notSubmitted(name, job);
    const status = statuses.get(job.jobKey);
    const isOpen = job.stage === "open";
    const { phases, state } = isOpen ? endOf(status, taskId) : endOfEnded(job, taskId);
    if (isInVain(type, phases)) throw inVain({ ...job, jobId: taskId ?? job.jobId }, state);
    (isOpen ? open : ended).push(job);
  }
  return { open: wholeArrays(store, open).map(evidence), ended: ended.map(evidence) };
}

interface KnownEnd {
  /** Of each task, as far as they are known. */
  readonly phases: readonly Phase[];
  /** Of the whole, for a person. */
  readonly state: string | undefined;
}

/** How an open job stands, or one task of it. */
function endOf(status: JobStatus | undefined, taskId: string | undefined): KnownEnd {
  if (taskId === undefined) {
    const states = [...status?.states ?? []];
    const failed = states.find(([, state]) => phaseOf(state) === "failed");
    const isOver = status?.phase === "failed" || status?.phase === "completed";
    return {
      phases: states.map(([, state]) => phaseOf(state)),
      state: isOver || failed === undefined ? status?.groupState : `${failed[1]} (${failed[0]})`,
    };
  }
  const state = status?.states.get(taskId);
  return { phases: state === undefined ? [] : [phaseOf(state)], state };
}

/** A job that finish has committed counts as it ended; for an array, the store does not say which task failed. */
function endOfEnded({ stage, end }: Job, taskId: string | undefined): KnownEnd {
  const state = end?.state;
  if (stage === "closed") return { phases: ["failed"], state };
  if (state === "COMPLETED") return { phases: ["completed"], state };
  return { phases: state === undefined || taskId !== undefined ? [] : ["failed"], state };
}

/** Whether a condition can never be met, or Slurm would take it for met once it has forgotten the job. */
function isInVain(type: PredecessorName["type"], phases: readonly Phase[]): boolean {
  if (type === "afterany") return false;
  // One task is enough, whatever the others do.
  if (type === "afterok") return phases.includes("failed");
  const vain = type === "afternotok" ? "completed" : "failed";
  return phases.length > 0 && phases.every((phase) => phase === vain);
}

function inVain({ jobId, label, stage }: SubmittedJob, state: string | undefined): UserError {
  const isOpen = stage === "open";
  const how = stage === "closed"
    ? `was closed${state === undefined ? "" : ` (${state})`}`
    : `has ended as ${state ?? "FAILED"}`;
  return new UserError(
    "BAD_DEPENDENCY",
    `Cannot wait for job ${jobId}${label ? ` (${label})` : ""}: it ${how}. No job was submitted`,
    {
      hint: state === "COMPLETED"
        ? "what waits for a failure has nothing to do"
        : isOpen
        ? `dlslurm finish ${jobId} --close-failed-jobs, then submit it again; --after any:${
          label ?? jobId
        } takes whatever end`
        : "submit it again first; without --after nothing is waited for",
    },
  );
}

function notSubmitted(name: string, job: Job): UserError {
  return new UserError(
    "BAD_DEPENDENCY",
    `Cannot wait for "${name}": a job with that label ${
      job.stage === "waiting" ? "waits for its submission" : "is being submitted"
    }, and has no job ID. No job was submitted`,
    { hint: hintForHolder(job) },
  );
}

/** Names the array in place of all its tasks: a thousand IDs would make a long command line. */
function wholeArrays(store: JobStore, jobs: readonly SubmittedJob[]): SubmittedJob[] {
  const groups = Map.groupBy(jobs, ({ jobId }) => splitJobId(jobId).submittedId);
  return [...groups].flatMap(([submittedId, tasks]) => {
    if (tasks.length < 2) return tasks;
    const keys = new Set(tasks.map(({ jobKey }) => jobKey));
    const others = store.listing.withId(submittedId).filter(({ jobKey }) => !keys.has(jobKey));
    // One that was closed has failed, and would have the whole array fail.
    if (others.some(({ stage }) => stage !== "finished")) return tasks;
    const labels = new Set(tasks.map(({ label }) => label));
    return [{
      ...tasks[0]!,
      jobId: submittedId,
      label: labels.size === 1 ? tasks[0]!.label! : null,
    }];
  });
}

function attempt<T>(work: () => T): T | UserError {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}
