import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A job of the embedded Slurm, or a task of an array. */
export interface FakeTask {
  /** `4`, of a task `4_1`. */
  readonly id: string;
  /** Without the index. */
  readonly jobId: string;
  /** As sacct(1) names it. */
  readonly state: string;
}

/** The tasks that the embedded Slurm in `directory` keeps; none where it has had no job yet. */
export function readFakeTasks(directory: string): FakeTask[] {
  const path = join(directory, "controller.sqlite");
  // SQLite would make the file.
  if (!isFile(path)) return [];
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    const rows = database.prepare(
      "SELECT base_id, task_index, state FROM tasks WHERE superseded = 0",
    ).all();
    return rows.map(({ base_id, task_index, state }) => ({
      id: `${base_id}${task_index === null ? "" : `_${task_index}`}`,
      jobId: String(base_id),
      state: String(state),
    }));
  } finally {
    database.close();
  }
}

/** So long only the table is looked at. */
const QUIET_MS = 20_000;
const POLL_MS = 20;

/**
 * Waits until the tasks of one job, or one task, are as `holds` wants them, or for a while. The embedded Slurm's own
 * programs are not asked: asking them again and again takes the processor from its jobs. Who waits on asks them:
 * they look after what nobody else does any more.
 *
 * @param id of a job, or `ID_INDEX`, or `ID_[INDICES]` for any of its tasks.
 */
export async function waitForFakeTasks(
  directory: string,
  id: string,
  holds: (tasks: readonly FakeTask[]) => boolean,
): Promise<void> {
  const jobId = id.replace(/_\[.*$/, "");
  const deadline = Date.now() + QUIET_MS;
  while (Date.now() < deadline) {
    const tasks = readFakeTasks(directory).filter((task) => task.id === id || task.jobId === jobId);
    if (tasks.length > 0 && holds(tasks)) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
