import type { AccountingEntry } from "./accounting_entry.ts";
import { splitJobId, submittedIdOf, taskIdOf, tasksOf } from "./job_id.ts";

/**
 * What Slurm printed, by the job that it is about: `151_2` and `151+1` belong to 151. For a job that is
 * one task of an array, `151_2`, only what is said of that task counts, a range of pending tasks among it.
 */
export class EntriesByJob<Entry extends AccountingEntry> {
  readonly #bySubmission: ReadonlyMap<string, readonly Entry[]>;
  /** Made on demand: an array of 10,000 tasks is gone through once, not once for each of them. */
  readonly #byTask = new Map<string, Map<number, Entry[]>>();

  /** Takes the entries of all jobs, in the order printed. */
  constructor(entries: readonly Entry[]) {
    this.#bySubmission = Map.groupBy(entries, (entry) => submittedIdOf(entry.jobId));
  }

  /** The entries of a job in the order printed; none if Slurm said nothing of it. */
  of(jobId: string): readonly Entry[] {
    const { submittedId, arrayTaskId } = splitJobId(jobId);
    const entries = this.#bySubmission.get(submittedId) ?? [];
    if (arrayTaskId === null) return entries;
    const byTask = this.#byTask
      .getOrInsertComputed(submittedId, () => groupByTask(submittedId, entries));
    return byTask.get(arrayTaskId) ?? [];
  }
}

function groupByTask<Entry extends AccountingEntry>(
  submittedId: string,
  entries: readonly Entry[],
): Map<number, Entry[]> {
  const byTask = new Map<number, Entry[]>();
  for (const entry of entries) {
    // The array's own entry, which says nothing of tasks, has none.
    const tasks = tasksOf(submittedId, entry.jobId);
    for (const task of tasks) {
      // The number of a range is that of the one task which begins last.
      const jobIdRaw = tasks.length === 1 ? entry.jobIdRaw : "";
      const own = { ...entry, jobId: taskIdOf(submittedId, task), jobIdRaw };
      byTask.getOrInsert(task, []).push(own);
    }
  }
  return byTask;
}
