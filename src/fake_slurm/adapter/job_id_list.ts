import { parseArraySpec } from "../manager/job_spec.ts";
import type { JobRecord } from "./job_records.ts";
import type { JobTable } from "../manager/job_table.ts";
import type { Task } from "../manager/task.ts";

/** What one word of a list of job IDs names. */
export interface JobSelection {
  /** What stands before `_` or `.`: an array's job ID, or the raw one of any job or task. */
  readonly jobId: number;
  /** Tasks of the array; `undefined` for all of it. */
  readonly indices: readonly number[] | undefined;
  /** A step, for example `batch`. */
  readonly step: string | undefined;
}

/**
 * Reads a job ID: `151`, `151_2`, `151_[1-3]`, `151+0`, each with an optional `.step`.
 *
 * @throws {SyntaxError} If it is none.
 */
export function parseSelection(text: string): JobSelection {
  const match = /^(\d+)(?:_(\d+|\[[\d,:-]+(?:%\d+)?\]))?(?:\.(\w+))?$/.exec(text.trim());
  if (match === null) throw new SyntaxError(`Cannot read the job ID "${text}"`);
  const indices = match[2] === undefined ? undefined : parseArraySpec(match[2]).indices;
  return { jobId: Number(match[1]), indices, step: match[3] };
}

/** Splits a list at commas and blanks, but not inside brackets. */
export function splitIds(text: string): string[] {
  return text.split(/[,\s](?![^[]*\])/).filter((word) => word !== "");
}

/** Whether `task` is among what `selection` names: by its array, its own or its raw job ID. */
export function isSelected(task: Task, selection: JobSelection): boolean {
  if (selection.indices !== undefined) {
    return task.baseId === selection.jobId && task.taskIndex !== null &&
      selection.indices.includes(task.taskIndex);
  }
  return task.baseId === selection.jobId || task.jobId === selection.jobId;
}

/** Whether a listing shows `record` for `selection`: the rest of an array only as a whole. */
export function isRecordSelected(record: JobRecord, selection: JobSelection): boolean {
  if (record.rest !== null && selection.indices !== undefined) return false;
  return isSelected(record.task, selection);
}

/** All tasks that any of the selections may name, in the order of the table. */
export function findCandidates(table: JobTable, selections: readonly JobSelection[]): Task[] {
  const ids = JSON.stringify([...new Set(selections.map(({ jobId }) => jobId))]);
  return table.find(
    `base_id IN (SELECT value FROM json_each(?1))
     OR job_id IN (SELECT value FROM json_each(?1))`,
    ids,
  );
}
