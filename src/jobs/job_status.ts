import { parseArrayTasks } from "./array_tasks.ts";
import { mayBeRequeued, phaseOf, stateWord, UNKNOWN_STATE } from "./job_state.ts";
import type { Phase } from "./job_state.ts";

/** One line of what Slurm says: a job, an array task, a range of pending tasks, a het component. */
export interface StateRow {
  /** As printed: `151`, `151_2`, `151_[0-3%2]`, `151+1`. */
  readonly jobId: string;
  /** The task's own number, which no other job has; equal to `jobId` for a plain job; empty if unknown. */
  readonly jobIdRaw: string;
  /** As printed: `COMPLETED`, `CANCELLED by 1000`. */
  readonly state: string;
  /** Seconds since 1970, or `null` when the row has no submission time. */
  readonly submitS: number | null;
  /** Seconds since 1970, or `null` when it has not ended; squeue is not asked for it. */
  readonly endS?: number | null;
  /** `code:signal`, or empty. */
  readonly exitCode: string;
  /** `[days-]hh:mm:ss`, or empty. */
  readonly elapsed: string;
  /** As accounting has it; squeue is not asked for it. */
  readonly jobName?: string;
  /** `[days-]hh:mm:ss` or Slurm's word; squeue is not asked for it. */
  readonly timeLimit?: string;
  /** A host list, `n[01-03]`; empty or words such as `None assigned` before it has nodes. */
  readonly nodeList: string;
}

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
  /** The rows that were counted, one per task. */
  readonly rows: readonly StateRow[];
}

/** What is known of the submission, to tell its rows from those of a reused job ID. */
export interface Submission {
  /** Of an array: the array's own. */
  readonly jobId: string;
  /** Milliseconds since 1970, by this machine's clock, when the submission began. */
  readonly submittedAtMs: number;
  /** The array task IDs that must be accounted for; `null` if unknown or no array. */
  readonly arrayTasks: readonly number[] | null;
}

/** Clocks of login node and controller may differ by this much. */
const CLOCK_SKEW_S = 600;

/**
 * Decides what a job's rows mean. Of several incarnations (requeued, or an older job with the same
 * ID) the newest counts, and only one that was not submitted before ours. A job or task without a row
 * is unknown: not seen is never "failed" and never "completed".
 */
export function decideStatus(submission: Submission, rows: readonly StateRow[]): JobStatus {
  const newest = new Map<string, StateRow>();
  const oldestSubmitS = submission.submittedAtMs / 1000 - CLOCK_SKEW_S;
  const isArray = submission.arrayTasks !== null ||
    rows.some((row) => row.jobId.startsWith(`${submission.jobId}_`));
  for (const row of rows) {
    // Just after its end, an array stands in accounting as one row for a moment: it says nothing of tasks.
    if (isArray && row.jobId === submission.jobId) continue;
    if (row.submitS !== null && row.submitS < oldestSubmitS) continue;
    const before = newest.get(row.jobId);
    // sacct prints incarnations oldest first; of equal times the later line is the newer one.
    if (before === undefined || (row.submitS ?? 0) >= (before.submitS ?? 0)) {
      newest.set(row.jobId, row);
    }
  }
  const counted = [...newest.values()];
  const missing = findMissing(submission, counted);
  const states = new Map<string, string>();
  for (const row of counted.sort(byTask)) states.set(row.jobId, stateWord(row.state));
  for (const id of missing) states.set(id, UNKNOWN_STATE);
  return {
    phase: phaseOfAll(counted, missing.length > 0),
    groupState: groupStateOf(counted, missing.length > 0),
    states,
    rows: counted,
  };
}

/** Whether a run of the job ended in a way that a requeue may follow; then squeue has to be asked. */
export function isPossiblyRequeued(status: JobStatus): boolean {
  return status.rows.some((row) => mayBeRequeued(row.state));
}

/** When the last of a job's rows ended, in milliseconds since 1970; `undefined` if one does not say so. */
export function endOf({ rows }: JobStatus): number | undefined {
  const lastS = rows.reduce((last, row) => Math.max(last, row.endS ?? Infinity), -Infinity);
  return Number.isFinite(lastS) ? lastS * 1000 : undefined;
}

function findMissing(submission: Submission, rows: readonly StateRow[]): string[] {
  if (rows.length === 0) {
    const { jobId, arrayTasks } = submission;
    return [arrayTasks?.length === 1 ? `${jobId}_${arrayTasks[0]}` : jobId];
  }
  if (submission.arrayTasks === null) {
    // An array of which nobody told the tasks: whether a row is missing cannot be known.
    return rows.some((row) => tasksOf(submission.jobId, row.jobId).length > 0)
      ? [`${submission.jobId}_?`]
      : [];
  }
  const seen = new Set<number>();
  for (const row of rows) for (const task of tasksOf(submission.jobId, row.jobId)) seen.add(task);
  return submission.arrayTasks.filter((task) => !seen.has(task))
    .map((task) => `${submission.jobId}_${task}`);
}

/** The array task IDs that a printed job ID stands for: `151_2` one, `151_[0-3%2]` four. */
export function tasksOf(jobId: string, printed: string): number[] {
  if (!printed.startsWith(`${jobId}_`)) return [];
  const expression = printed.slice(jobId.length + 1).replace(/^\[(.*)\]$/, "$1");
  try {
    return parseArrayTasks(expression);
  } catch {
    return []; // a truncated expression: its tasks count as not seen
  }
}

function phaseOfAll(rows: readonly StateRow[], isIncomplete: boolean): Phase {
  const phases = new Set(rows.map((row) => phaseOf(row.state)));
  if (phases.has("active")) return "active";
  if (isIncomplete || phases.has("unknown") || phases.size === 0) return "unknown";
  return phases.has("failed") ? "failed" : "completed";
}

function groupStateOf(rows: readonly StateRow[], isIncomplete: boolean): string {
  const words = new Set(rows.map((row) => stateWord(row.state)));
  if (words.size === 0) return UNKNOWN_STATE;
  const active = rows.filter((row) => phaseOf(row.state) === "active").map((r) =>
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
 * The runs that rows tell of, by array task ID; that of a plain job, or of a heterogeneous one's first
 * component, under `null`.
 *
 * @param rows counted ones, of the job `jobId`.
 */
export function runsOf(jobId: string, rows: readonly StateRow[]): Map<number | null, Run> {
  const runs = new Map<number | null, Run>();
  for (const row of rows) {
    if (row.jobIdRaw === "") continue;
    if (row.jobId === jobId || row.jobId === `${jobId}+0`) runs.set(null, row);
    const tasks = tasksOf(jobId, row.jobId);
    // A range of tasks that never began has one number, which is none of theirs.
    if (tasks.length === 1) runs.set(tasks[0]!, row);
  }
  return runs;
}

function byTask(a: StateRow, b: StateRow): number {
  return a.jobId.localeCompare(b.jobId, "en", { numeric: true });
}
