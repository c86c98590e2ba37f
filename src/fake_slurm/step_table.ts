import type { DatabaseSync } from "node:sqlite";
import type { ProcessIdentity } from "../process/process_identity.ts";
import type { JobState } from "./job_state.ts";

/** What one srun ran inside a job. */
export interface Step {
  /** The row of its task. */
  readonly taskRow: number;
  /** From 0 in each run of a job: `4242.0`. */
  readonly number: number;
  /** srun's `--job-name`, otherwise the command's name without its folder. */
  readonly name: string;
  /** How many processes srun started. */
  readonly tasks: number;
  /** The command line of srun, as sacct shows it. */
  readonly submitLine: string;
  /** CANCELLED if a signal ended it, or its job ended first; TIMEOUT if its own limit did. */
  readonly state: JobState;
  /** CPUs of its job that no other step gets meanwhile. */
  readonly cpus: number;
  /** The srun that runs it; `null` in what older programs wrote. */
  readonly process: ProcessIdentity | null;
  /** User ID of who ended it by scancel or by a signal to its srun. */
  readonly cancelledBy: number | null;
  /** Of the task that ended worst; 0 while it runs. */
  readonly exitCode: number;
  /** Of the same task, 0 without a signal; 15 if the job ended first. */
  readonly exitSignal: number;
  /** Milliseconds since the epoch. */
  readonly startMs: number;
  /** Milliseconds since the epoch; `null` while it runs. */
  readonly endMs: number | null;
}

/** How a step ended: as the task of it that ended worst. */
export interface StepEnd {
  /** Exit status; 0 if a signal ended it. */
  readonly code: number;
  /** Number of the signal that ended it, otherwise 0. */
  readonly signal: number;
  /** Its own time limit brought that signal. */
  readonly isTimeout?: boolean;
}

/** What is known of a step when it begins. */
export type NewStep =
  & Pick<Step, "name" | "tasks" | "submitLine" | "startMs" | "cpus">
  & { readonly process: ProcessIdentity };

/** The steps of the jobs in a job table's database. */
export class StepTable {
  readonly #database: DatabaseSync;

  /** Works on a database that somebody else opened and closes. */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Notes that a step of a task begins and gives its number; call it inside a transaction. */
  add(taskRow: number, step: NewStep): number {
    const row = this.#database.prepare(
      `INSERT INTO steps (task_row, number, name, tasks, submit_line, state, start_ms, cpus, process)
       SELECT ?1, (SELECT count(*) FROM steps WHERE task_row = ?1), ?2, ?3, ?4, 'RUNNING', ?5, ?6, ?7
       RETURNING number`,
    ).get(
      ...[taskRow, step.name, step.tasks, step.submitLine, step.startMs, step.cpus],
      JSON.stringify(step.process),
    );
    return Number(row?.["number"]);
  }

  /** Notes that a user ends a step that runs. */
  cancel(taskRow: number, number: number, userId: number): void {
    this.#database.prepare(
      "UPDATE steps SET cancelled_by = ? WHERE task_row = ? AND number = ? AND end_ms IS NULL",
    ).run(userId, taskRow, number);
  }

  /** Notes how a step of a task ended. */
  end(taskRow: number, number: number, end: StepEnd, endMs: number): void {
    const state = end.isTimeout === true
      ? "TIMEOUT"
      : end.signal !== 0
      ? "CANCELLED"
      : end.code !== 0
      ? "FAILED"
      : "COMPLETED";
    this.#database.prepare(
      `UPDATE steps SET state = ?, exit_code = ?, exit_signal = ?, end_ms = ?
       WHERE task_row = ? AND number = ? AND end_ms IS NULL`,
    ).run(state, end.code, end.signal, endMs, taskRow, number);
  }

  /** Notes that what still runs of a job's steps ended with the job, or was killed by a user. */
  endAll(taskRow: number, endMs: number, killedBy?: number): void {
    this.#database.prepare(
      `UPDATE steps SET state = 'CANCELLED', exit_signal = ?, end_ms = ?,
         cancelled_by = coalesce(?, cancelled_by) WHERE task_row = ? AND end_ms IS NULL`,
    ).run(killedBy === undefined ? 15 : 9, endMs, killedBy ?? null, taskRow);
  }

  /** One step of a task, by its number. */
  find(taskRow: number, number: number): Step | undefined {
    const row = this.#database.prepare("SELECT * FROM steps WHERE task_row = ? AND number = ?")
      .get(taskRow, number);
    return row === undefined ? undefined : toStep(row);
  }

  /** The steps of one task that run, in their order. */
  findRunning(taskRow: number): Step[] {
    return this.#database.prepare(
      "SELECT * FROM steps WHERE task_row = ? AND end_ms IS NULL ORDER BY number",
    ).all(taskRow).map(toStep);
  }

  /** The steps of every task that has some, by the task's row, in their order. */
  findAll(): Map<number, Step[]> {
    const rows = this.#database.prepare("SELECT * FROM steps ORDER BY task_row, number").all();
    return Map.groupBy(rows.map(toStep), ({ taskRow }) => taskRow);
  }

  /** Gives the steps of one row to another: that of an earlier run. */
  move(fromRow: number, toRow: number): void {
    this.#database.prepare("UPDATE steps SET task_row = ? WHERE task_row = ?").run(toRow, fromRow);
  }
}

function toStep(row: Record<string, unknown>): Step {
  return {
    taskRow: Number(row["task_row"]),
    number: Number(row["number"]),
    name: String(row["name"]),
    tasks: Number(row["tasks"]),
    submitLine: String(row["submit_line"]),
    state: row["state"] as JobState,
    cpus: Number(row["cpus"]),
    process: row["process"] === null ? null : JSON.parse(String(row["process"])),
    cancelledBy: row["cancelled_by"] === null ? null : Number(row["cancelled_by"]),
    exitCode: Number(row["exit_code"]),
    exitSignal: Number(row["exit_signal"]),
    startMs: Number(row["start_ms"]),
    endMs: row["end_ms"] === null ? null : Number(row["end_ms"]),
  };
}
