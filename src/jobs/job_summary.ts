import type { JobEnd } from "./job.ts";
import { endOf } from "./job_status.ts";
import type { JobStatus } from "./job_status.ts";
import type { AccountingEntry } from "./accounting_entry.ts";
import { phaseOf } from "./job_state.ts";
import { rangesOf, splitJobId, tasksOf } from "./job_id.ts";

/** What is said of a job in one line: of an array, of all its tasks together. */
export function summaryOf(jobId: string, status: JobStatus): JobEnd {
  const endMs = endOf(status);
  return {
    state: status.groupState,
    counts: countsOf(jobId, status),
    exitCode: exitCodeOf(status),
    elapsed: longest(status),
    timeLimit: firstOf(status, (entry) => entry.timeLimit),
    endS: endMs === undefined ? null : endMs / 1000,
  };
}

/** How many tasks are in each state; one entry may stand for many that are still pending: `151_[0-3%2]`. */
function countsOf(jobId: string, { states }: JobStatus): Record<string, number> {
  const { submittedId } = splitJobId(jobId);
  const counts: Record<string, number> = {};
  for (const [id, state] of states) {
    counts[state] = (counts[state] ?? 0) + Math.max(1, tasksOf(submittedId, id).length);
  }
  return counts;
}

/** As long as the job may still change it, `0:0` would only mislead. */
function exitCodeOf(status: JobStatus): string {
  if (status.phase === "active") return "";
  const bad = firstOf(status, (entry) => entry.exitCode === "0:0" ? "" : entry.exitCode);
  return bad !== "" ? bad : firstOf(status, (entry) => entry.exitCode);
}

/** `[days-]hh:mm:ss` sorts by length first. */
function longest(status: JobStatus): string {
  return status.entries.map((entry) => entry.elapsed).reduce(
    (most, one) =>
      one.length > most.length || (one.length === most.length && one > most) ? one : most,
    "",
  );
}

function firstOf(status: JobStatus, cell: (entry: AccountingEntry) => string | undefined): string {
  return status.entries.map(cell).find((text) => text !== undefined && text !== "") ?? "";
}

/** So many ranges of tasks are named of each state: a line is read, not searched. */
const MOST_RANGES = 12;
const ORDER = ["failed", "unknown", "active", "completed"];

/**
 * Tells the states of a job: `7: FAILED`; of an array the tasks in each, those that want a look first, and
 * how many completed: `151_7,21,33: FAILED; 47 COMPLETED`.
 */
export function renderStatuses(jobId: string, { states }: JobStatus): string {
  const { submittedId } = splitJobId(jobId);
  const tasks = new Map<string, number[]>();
  const parts: { readonly phase: string; readonly text: string }[] = [];
  for (const [id, state] of states) {
    const own = tasksOf(submittedId, id);
    if (own.length === 0) parts.push({ phase: phaseOf(state), text: `${id}: ${state}` });
    else for (const task of own) tasks.getOrInsert(state, []).push(task);
  }
  for (const [state, own] of tasks) {
    const phase = phaseOf(state);
    const text = phase === "completed" && own.length > 1
      ? `${own.length} ${state}`
      : `${submittedId}_${renderTasks(own)}: ${state}`;
    parts.push({ phase, text });
  }
  return parts.toSorted((a, b) => ORDER.indexOf(a.phase) - ORDER.indexOf(b.phase))
    .map(({ text }) => text).join("; ");
}

/** `0-3,7`: as Slurm writes array task IDs, cut where it gets long. */
function renderTasks(tasks: readonly number[]): string {
  const ranges = rangesOf(tasks);
  const shown = ranges.slice(0, MOST_RANGES).join(",");
  return ranges.length > MOST_RANGES ? `${shown},… (${tasks.length} tasks)` : shown;
}
