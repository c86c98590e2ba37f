import { componentIdOf, componentOf, taskIdOf, tasksOf } from "./job_id.ts";
import { mayBeRequeued, phaseOf, stateWord, UNKNOWN_STATE } from "./job_state.ts";
import type { Phase } from "./job_state.ts";
import { findOwnEntries } from "./own_entries.ts";
import type { Doubt, OwnEntries, PrintedClock } from "./own_entries.ts";
import type { AccountingEntry, Submission } from "./accounting_entry.ts";

/** What names of a job's logs may hold that is known only once it has run. */
export interface Run {
  /** The number of the job or task itself: of an array's tasks, only one has the array's. */
  readonly jobIdRaw: string;
  /** Where it ran, as a host list. */
  readonly nodeList: string;
}

/** What Slurm says of one job as a whole. */
export interface JobStatus {
  /** `active` while one task is; `unknown` if one is not accounted for; `failed` if one failed. */
  readonly phase: Phase;
  /** The common state, or ARRAY FAILED (…); {@linkcode UNKNOWN_STATE} when nobody could tell. */
  readonly groupState: string;
  /** State by job ID or task ID, in the order of task IDs. */
  readonly states: ReadonlyMap<string, string>;
  /** The entries that were counted, one per task. */
  readonly entries: readonly AccountingEntry[];
  /** What Slurm says of its failed attempts, by their places among them; absent where it was not asked. */
  readonly attempts?: ReadonlyMap<number, JobStatus>;
  /** The IDs of attempts that had failed and are active again: the job counts as active then. Absent without. */
  readonly activeAttempts?: readonly string[];
  /** Why it is unknown although Slurm shows a job with this ID; absent otherwise. */
  readonly doubt?: Doubt;
}

/**
 * Decides what a job's entries mean: of those that are about it ({@linkcode findOwnEntries}) the newest of each
 * task counts. A job or task without an entry is unknown: not seen is never "failed" and never "completed".
 */
export function decideStatus(
  submission: Submission,
  entries: readonly AccountingEntry[],
  clock?: PrintedClock,
): JobStatus {
  return statusOf(submission, findOwnEntries(submission, entries, clock));
}

/** Decides what entries mean of which it is known that they are about the job. */
export function statusOf(submission: Submission, { entries, doubt }: OwnEntries): JobStatus {
  const isArray = Array.isArray(submission.arrayTasks) ||
    entries.some((entry) => entry.jobId.startsWith(`${submission.jobId}_`));
  // Right after its end, accounting briefly has an array as one entry, which says nothing about tasks.
  const counted = entries.filter((entry) => !isArray || entry.jobId !== submission.jobId)
    .toSorted(byTask);
  const missing = findMissing(submission, counted);
  const states = new Map<string, string>();
  for (const entry of counted) states.set(entry.jobId, stateWord(entry.state));
  for (const id of missing) states.set(id, UNKNOWN_STATE);
  return {
    phase: phaseOfAll(counted, missing.length > 0),
    groupState: groupStateOf(counted, missing.length > 0),
    states,
    entries: counted,
    ...(doubt === undefined ? {} : { doubt }),
  };
}

/** Whether a run of the job ended in a way that a requeue may follow; then squeue has to be asked. */
export function isPossiblyRequeued(status: JobStatus): boolean {
  return status.entries.some((entry) => mayBeRequeued(entry.state));
}

/** Whether a job, or each of its tasks, was cancelled before it had a node: it has written nothing. */
export function hasNeverStarted({ phase, entries }: JobStatus): boolean {
  return phase === "failed" && entries.length > 0 &&
    entries.every(({ state, nodeList }) =>
      stateWord(state) === "CANCELLED" && /^(?:None assigned)?$/i.test(nodeList)
    );
}

/** When the last of a job's entries ended, in milliseconds since 1970; `undefined` if one does not say so. */
export function endOf({ entries }: JobStatus): number | undefined {
  const lastS = entries.reduce((last, entry) => Math.max(last, entry.endS ?? Infinity), -Infinity);
  return Number.isFinite(lastS) ? lastS * 1000 : undefined;
}

function findMissing(submission: Submission, entries: readonly AccountingEntry[]): string[] {
  const { jobId, arrayTasks } = submission;
  if (entries.length === 0) {
    return [
      Array.isArray(arrayTasks) && arrayTasks.length === 1 ? taskIdOf(jobId, arrayTasks[0]) : jobId,
    ];
  }
  if (arrayTasks === null || arrayTasks === "unknown") return findMissingParts(submission, entries);
  const seen = new Set<number>();
  for (const entry of entries) {
    for (const task of tasksOf(jobId, entry.jobId)) seen.add(task);
  }
  return arrayTasks.filter((task) => !seen.has(task)).map((task) => taskIdOf(jobId, task));
}

/** What is missing of a job of which no tasks are known. */
function findMissingParts(
  { jobId, arrayTasks, components }: Submission,
  entries: readonly AccountingEntry[],
): string[] {
  const offsets = new Set(entries.map((entry) => componentOf(jobId, entry.jobId)));
  if (components !== undefined) {
    // sacct 24.11 shows a heterogeneous job by the row of its first component, as if it were a plain one.
    if (entries.some((entry) => entry.jobId === jobId)) offsets.add(0);
    return componentIds(jobId, components.length).filter((_, offset) => !offsets.has(offset));
  }
  offsets.delete(undefined);
  if (offsets.size > 0) {
    // One component proves that there is another.
    const count = [...offsets].reduce<number>((most, offset) => Math.max(most, offset! + 1), 2);
    const missing = componentIds(jobId, count).filter((_, offset) => !offsets.has(offset));
    return missing.length === 0 && arrayTasks === "unknown" ? [`${jobId}+?`] : missing;
  }
  // An array of which nobody told the tasks: whether an entry is missing cannot be known.
  const isOpen = arrayTasks === "unknown" ||
    entries.some((entry) => tasksOf(jobId, entry.jobId).length > 0);
  return isOpen ? [`${jobId}_?`] : [];
}

function componentIds(jobId: string, count: number): string[] {
  return Array.from({ length: count }, (_, offset) => componentIdOf(jobId, offset));
}

function phaseOfAll(entries: readonly AccountingEntry[], isIncomplete: boolean): Phase {
  const phases = new Set(entries.map((entry) => phaseOf(entry.state)));
  if (phases.has("active")) return "active";
  if (isIncomplete || phases.has("unknown") || phases.size === 0) return "unknown";
  return phases.has("failed") ? "failed" : "completed";
}

function groupStateOf(entries: readonly AccountingEntry[], isIncomplete: boolean): string {
  const words = new Set(entries.map((entry) => stateWord(entry.state)));
  if (words.size === 0) return UNKNOWN_STATE;
  const active = entries.filter((entry) => phaseOf(entry.state) === "active").map((r) =>
    stateWord(r.state)
  );
  if (active.length > 0) {
    // As long as tasks are active the job has not failed: RUNNING tells more than PENDING.
    return active.find((word) => word === "RUNNING") ?? active[0]!;
  }
  if (isIncomplete) return UNKNOWN_STATE;
  if (words.size === 1) return [...words][0]!;
  return words.has("COMPLETED") ? "ARRAY FAILED (SOME COMPLETE)" : "ARRAY FAILED (MULTIPLE CAUSES)";
}

/**
 * The runs that entries tell of, by array task ID; that of a plain job, or of a heterogeneous one's first
 * component, under `null`.
 *
 * @param entries counted ones, of the job `jobId`.
 */
export function runsOf(
  jobId: string,
  entries: readonly AccountingEntry[],
): Map<number | null, Run> {
  const runs = new Map<number | null, Run>();
  for (const entry of entries) {
    if (entry.jobIdRaw === "") continue;
    if (entry.jobId === jobId || entry.jobId === `${jobId}+0`) runs.set(null, entry);
    const tasks = tasksOf(jobId, entry.jobId);
    // A range of tasks that never began has one number, which is none of theirs.
    if (tasks.length === 1) runs.set(tasks[0]!, entry);
  }
  return runs;
}

/** How jobs are counted by a state: those of which only some tasks have completed have failed. */
export function countedAs(groupState: string): string {
  return groupState.startsWith("ARRAY FAILED") ? "FAILED" : groupState;
}

function byTask(a: AccountingEntry, b: AccountingEntry): number {
  return a.jobId.localeCompare(b.jobId, "en", { numeric: true });
}
