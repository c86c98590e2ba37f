import { tasksOf } from "./job_status.ts";
import type { StateRow } from "./job_status.ts";
import { splitJobId } from "./task_job_id.ts";

/**
 * What Slurm printed, by the job that it is about: `151_2` and `151+1` belong to 151. For a job that is
 * one task of an array, `151_2`, only what is said of that task counts, a range of pending tasks among it.
 */
export class RowsByJob<Row extends StateRow> {
  readonly #bySubmission: ReadonlyMap<string, readonly Row[]>;
  /** Made on demand: an array of 10,000 tasks is gone through once, not once for each of them. */
  readonly #byTask = new Map<string, Map<number, Row[]>>();

  /** Takes the rows of all jobs, in the order printed. */
  constructor(rows: readonly Row[]) {
    this.#bySubmission = Map.groupBy(rows, (row) => /^[0-9]+/.exec(row.jobId)?.[0] ?? row.jobId);
  }

  /** The rows of a job in the order printed; none if Slurm said nothing of it. */
  of(jobId: string): readonly Row[] {
    const { submittedId, arrayTaskId } = splitJobId(jobId);
    const rows = this.#bySubmission.get(submittedId) ?? [];
    if (arrayTaskId === null) return rows;
    let byTask = this.#byTask.get(submittedId);
    if (byTask === undefined) {
      byTask = groupByTask(submittedId, rows);
      this.#byTask.set(submittedId, byTask);
    }
    return byTask.get(arrayTaskId) ?? [];
  }
}

function groupByTask<Row extends StateRow>(
  submittedId: string,
  rows: readonly Row[],
): Map<number, Row[]> {
  const byTask = new Map<number, Row[]>();
  for (const row of rows) {
    // The array's own row, which says nothing of tasks, has none.
    const tasks = tasksOf(submittedId, row.jobId);
    for (const task of tasks) {
      // The number of a range is that of the one task which begins last.
      const jobIdRaw = tasks.length === 1 ? row.jobIdRaw : "";
      const own = { ...row, jobId: `${submittedId}_${task}`, jobIdRaw };
      const before = byTask.get(task);
      if (before === undefined) byTask.set(task, [own]);
      else before.push(own);
    }
  }
  return byTask;
}
