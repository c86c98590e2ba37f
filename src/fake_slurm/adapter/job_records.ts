import { renderIndices } from "../manager/job_spec.ts";
import type { Task } from "../manager/task.ts";

/** One job as Slurm's listings count it: a task, or the waiting rest of an array as a whole. */
export interface JobRecord {
  /** The task, or one that stands for the rest. */
  readonly task: Task;
  /** Indices of the rest, ascending; `null` for anything else, also for the last one after others began. */
  readonly rest: readonly number[] | null;
}

/** Groups tasks into records; those of one submission keep their order, its rest comes last. */
export function toRecords(tasks: readonly Task[]): JobRecord[] {
  return [...Map.groupBy(tasks, ({ baseId }) => baseId).values()].flatMap((group) => {
    const own = group.filter(({ jobId }) => jobId !== null).map((task) => ({ task, rest: null }));
    const waiting = group.filter(({ jobId }) => jobId === null);
    const rests = [...Map.groupBy(waiting, ({ state }) => state).values()];
    return [...own, ...rests.map((rest) => toRest(rest, own.length > 0))];
  });
}

function toRest(tasks: readonly Task[], haveOthersBegun: boolean): JobRecord {
  const first = tasks[0]!;
  if (tasks.length === 1 && haveOthersBegun) return { task: first, rest: null };
  // What one of the rest waits for, the others wait for too: the first to start says it best.
  const task = tasks.find(({ reason }) => reason !== "None") ?? first;
  return { task, rest: tasks.map(({ taskIndex }) => taskIndex!) };
}

/** The indices of an array's rest as scontrol shows them: `2-7%2`. */
export function restText(record: JobRecord): string {
  const limit = record.task.spec.array?.limit ?? null;
  return `${renderIndices(record.rest ?? [])}${limit === null ? "" : `%${limit}`}`;
}

/** `151`, `151_2`, or `151_[3-7%2]` for the rest of an array. */
export function displayId(record: JobRecord): string {
  const { task } = record;
  if (record.rest !== null) return `${task.baseId}_[${restText(record)}]`;
  return task.taskIndex === null ? String(task.jobId) : `${task.baseId}_${task.taskIndex}`;
}

/** The raw job ID: the array's own for its rest. */
export function rawId(record: JobRecord): number {
  return record.task.jobId ?? record.task.baseId;
}

/** Whole seconds since the start of the last run, up to its end or now; 0 if it never started. */
export function elapsedSeconds(task: Task, nowMs: number): number {
  if (task.startMs === null || task.batchState === null) return 0;
  return Math.max(0, Math.floor((task.endMs ?? nowMs) / 1000) - Math.floor(task.startMs / 1000));
}

/** Whether the job ever ran on a node in this incarnation. */
export function hasRun(task: Task): boolean {
  return task.batchState !== null;
}
