/**
 * Job IDs, in the three ways in which they are written.
 *
 * The *submitted ID* is what sbatch printed, `151`: a job's own, or that of an array as a whole. A *job ID*
 * is what the store and people have: a submitted ID, or, for a row of a table that is one task of an array,
 * `151_3`. A *printed ID* is what sacct and squeue have: `151`, `151_3`, `151_[0-3%2]` for tasks that
 * are still pending, `151+1` for a component of a heterogeneous job.
 *
 * @module
 */

import { UserError } from "../errors.ts";

/** The parts of a job ID as the store has it. */
export interface JobIdParts {
  /** What sbatch printed: the job's own ID, or that of the array. */
  readonly submittedId: string;
  /** The array task that the job is; `null` for a plain job, and for an array as a whole. */
  readonly arrayTaskId: number | null;
}

/** Takes a job ID apart: `151_3`, a row that is task 3 of array 151, and `151`, all else. */
export function splitJobId(jobId: string): JobIdParts {
  const [submittedId, task] = jobId.split("_");
  return { submittedId: submittedId!, arrayTaskId: task === undefined ? null : Number(task) };
}

/** The job ID of one task of an array. */
export function taskIdOf(submittedId: string, arrayTaskId: number): string {
  return `${submittedId}_${arrayTaskId}`;
}

/** The printed ID of one component of a heterogeneous job. */
export function componentIdOf(submittedId: string, offset: number): string {
  return `${submittedId}+${offset}`;
}

/** The component of a heterogeneous job that a printed ID stands for; `undefined` if it is none's. */
export function componentOf(submittedId: string, printed: string): number | undefined {
  if (!printed.startsWith(`${submittedId}+`)) return undefined;
  const offset = printed.slice(submittedId.length + 1);
  return /^[0-9]+$/.test(offset) ? Number(offset) : undefined;
}

/** Whether the text is a job ID. */
export function isJobId(text: string): boolean {
  return /^[0-9]+(_[0-9]+)?$/.test(text);
}

/** Whether a job is the one that `asked` names, or a task of the array that it names. */
export function isJobOrTaskOf(jobId: string | null, asked: string): boolean {
  return jobId !== null && (jobId === asked || splitJobId(jobId).submittedId === asked);
}

/**
 * Reads the ID of an open job that a person typed: a job's, or, for a row of a table that was submitted as
 * part of an array, a task's (`151_3`).
 *
 * @throws {UserError} `USAGE` if it is neither.
 */
export function parseOpenJobId(text: string): string {
  return /^[1-9][0-9]*_(0|[1-9][0-9]*)$/.test(text) ? text : parseJobId(text);
}

/**
 * Reads a job ID that a person typed.
 *
 * @throws {UserError} `USAGE` if it is no job ID.
 */
export function parseJobId(text: string): string {
  if (/^[1-9][0-9]*$/.test(text)) return text;
  const task = /^([1-9][0-9]*)[_.+].*$/.exec(text);
  throw new UserError("USAGE", `Cannot read job ID "${text}": a job ID is a whole number`, {
    hint: task === null
      ? "dlslurm list"
      : `array tasks and job steps belong to their job: dlslurm finish ${task[1]}`,
  });
}

/** Whether the text is a printed ID. */
export function isPrintedId(text: string): boolean {
  return /^[0-9]+(?:[_+](?:[0-9]+|\[[^\]]*\]))?$/.test(text);
}

/** The submitted ID that a printed one begins with; the text itself if it is none. */
export function submittedIdOf(printed: string): string {
  return /^[0-9]+/.exec(printed)?.[0] ?? printed;
}

/** The array task IDs that a printed ID stands for: `151_2` one, `151_[0-3%2]` four. */
export function tasksOf(submittedId: string, printed: string): number[] {
  if (!printed.startsWith(`${submittedId}_`)) return [];
  const expression = printed.slice(submittedId.length + 1).replace(/^\[(.*)\]$/, "$1");
  try {
    return parseArrayTasks(expression);
  } catch {
    return []; // a truncated expression: its tasks count as not seen
  }
}

/**
 * Reads the expression of array task IDs that Slurm prints and `sbatch --array` takes:
 * `0-3`, `1-7:2`, `1,5,9-11%4` (sbatch(1), --array). The limit behind `%` is not part of the set.
 *
 * @returns the task IDs in ascending order, without duplicates.
 * @throws {SyntaxError} If it is no such expression, or a truncated one (`0-9,11,...`).
 */
export function parseArrayTasks(expression: string): number[] {
  const list = expression.replace(/%[0-9]+$/, "");
  const tasks = new Set<number>();
  for (const part of list.split(",")) {
    const match = /^([0-9]+)(?:-([0-9]+)(?::([0-9]+))?)?$/.exec(part);
    if (match === null) {
      throw new SyntaxError(`Cannot read array task IDs "${expression}": "${part}" is no range`);
    }
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    const step = match[3] === undefined ? 1 : Number(match[3]);
    if (last < first || step < 1) {
      throw new SyntaxError(`Cannot read array task IDs "${expression}": "${part}" is empty`);
    }
    for (let task = first; task <= last; task += step) tasks.add(task);
  }
  return [...tasks].sort((a, b) => a - b);
}

/** Array task IDs as Slurm writes them, in ascending order: `0-3`, `7`. */
export function rangesOf(tasks: Iterable<number>): string[] {
  const ranges: { first: number; last: number }[] = [];
  for (const task of [...tasks].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && task === range.last + 1) range.last = task;
    else ranges.push({ first: task, last: task });
  }
  return ranges.map(({ first, last }) => first === last ? `${first}` : `${first}-${last}`);
}

/** `0-3,7`: array task IDs as `sbatch --array` takes them; empty for none. */
export function renderTaskList(tasks: Iterable<number>): string {
  return rangesOf(tasks).join(",");
}
