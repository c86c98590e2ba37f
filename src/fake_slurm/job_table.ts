import { createHash } from "node:crypto";
import { join } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import * as v from "valibot";
import { explainStoreError, openStore } from "../store/open_store.ts";
import { cpusOf, type JobSpec, parseJobSpec } from "./job_spec.ts";
import { FAKE_SLURM_MIGRATIONS } from "./schema.ts";
import { StepTable } from "./step_table.ts";
import type { NewJob, Task, TaskChange } from "./task.ts";

/** The names in the table of what a {@linkcode TaskChange} may hold. */
const COLUMNS = {
  jobId: "job_id",
  name: "name",
  state: "state",
  reason: "reason",
  hold: "hold",
  dependency: "dependency",
  beginMs: "begin_ms",
  timeLimit: "time_limit",
  submitMs: "submit_ms",
  eligibleMs: "eligible_ms",
  startMs: "start_ms",
  endMs: "end_ms",
  exitCode: "exit_code",
  exitSignal: "exit_signal",
  batchState: "batch_state",
  batchCode: "batch_code",
  batchSignal: "batch_signal",
  killState: "kill_state",
  killSignalledMs: "kill_signalled_ms",
  cancelledBy: "cancelled_by",
  restarts: "restarts",
} as const satisfies Record<Exclude<keyof TaskChange, "process">, string>;

/** Turns SQLite's error for the table in `directory` into a {@linkcode UserError}; leaves others alone. */
export function explainTableError(error: unknown, directory: string): unknown {
  return explainStoreError(error, join(directory, "jobs.sqlite"));
}

/** The table of all jobs that the fake Slurm ever took. */
export class JobTable {
  /** Open as long as the table; for transactions, and for what one statement does best. */
  readonly database: DatabaseSync;
  readonly #specs = new Map<number, JobSpec>();
  #specChanges = 0;

  /**
   * Opens the table in the state directory, making or migrating it where needed.
   *
   * @throws {UserError} As {@linkcode openStore} does.
   */
  constructor(directory: string) {
    // A power failure may cost the last jobs of a simulation: worth less than a sync per submission.
    this.database = openStore({
      path: join(directory, "jobs.sqlite"),
      migrations: FAKE_SLURM_MIGRATIONS,
      synchronous: "OFF",
    });
  }

  /** Ends the connection; the table cannot be used any more. */
  close(): void {
    this.database.close();
  }

  /** For `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Adds a submission with one task, or one for each index of its array; gives its job ID. */
  insert(job: NewJob): number {
    const jobId = this.takeJobId();
    const scriptHash = this.#keep(job.script);
    const envHash = this.#keep(new TextEncoder().encode(JSON.stringify(job.env)));
    this.database.prepare("INSERT INTO submissions VALUES (?, ?, ?, ?)")
      .run(jobId, JSON.stringify(job.spec), scriptHash, envHash);
    const reason = job.held
      ? "JobHeldUser"
      : job.dependency !== null
      ? "Dependency"
      : (job.beginMs ?? 0) > job.nowMs
      ? "BeginTime"
      : "None";
    const eligible = job.held || job.dependency !== null ? null : job.beginMs ?? job.nowMs;
    const insert = this.database.prepare(
      `INSERT INTO tasks (base_id, task_index, job_id, name, state, reason, hold, dependency,
         begin_ms, time_limit, cpus, submit_ms, eligible_ms)
       VALUES (?, ?, ?, ?, 'PENDING', ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const index of job.spec.array?.indices ?? [null]) {
      insert.run(
        jobId,
        index,
        index === null ? jobId : null,
        job.name,
        reason,
        job.held ? "user" : "",
        job.dependency,
        job.beginMs,
        job.timeLimit,
        cpusOf(job.spec),
        job.nowMs,
        eligible,
      );
    }
    return jobId;
  }

  /** Hands out the next job ID; call it inside a transaction. */
  takeJobId(): number {
    const row = this.database.prepare(
      "UPDATE counters SET value = value + 1 WHERE name = 'next_job_id' RETURNING value - 1 AS id",
    ).get();
    return Number(row?.["id"]);
  }

  /** The job ID that the next submission would get. */
  nextJobId(): number {
    const row = this.database.prepare("SELECT value FROM counters WHERE name = 'next_job_id'")
      .get();
    return Number(row?.["value"]);
  }

  /** Tasks for which the SQL condition `where` holds, in the order of submission and index. */
  find(where: string, ...values: readonly SQLInputValue[]): Task[] {
    return this.database.prepare(
      `SELECT * FROM tasks WHERE ${where} ORDER BY base_id, task_index, superseded DESC, row`,
    ).all(...values).map((row) => this.#toTask(row));
  }

  /** All tasks known under `jobId`: its own, or every task of the array it names. */
  findByJobId(jobId: number): Task[] {
    return this.find("base_id = ?1 OR job_id = ?1", jobId);
  }

  /** Changes one task. */
  update(row: number, change: TaskChange): void {
    const names: string[] = [];
    const values: SQLInputValue[] = [];
    for (const [key, value] of Object.entries(change)) {
      if (key === "process") {
        names.push("process = ?");
        values.push(value === null ? null : JSON.stringify(value));
      } else {
        names.push(`${COLUMNS[key as keyof typeof COLUMNS]} = ?`);
        values.push(value as SQLInputValue);
      }
    }
    if (names.length === 0) return;
    this.database.prepare(`UPDATE tasks SET ${names.join(", ")} WHERE row = ?`).run(...values, row);
  }

  /** Keeps the run that `task` made as an earlier one of a requeued job. */
  keepEarlierRun(task: Task, change: TaskChange): void {
    const columns = [...Object.values(COLUMNS), "process", "base_id", "task_index", "cpus"];
    const row = this.database.prepare(
      `INSERT INTO tasks (${columns.join(", ")}, superseded)
       SELECT ${columns.join(", ")}, 1 FROM tasks WHERE row = ? RETURNING row`,
    ).get(task.row);
    const earlier = Number(row?.["row"]);
    this.update(earlier, change);
    new StepTable(this.database).move(task.row, earlier);
  }

  /**
   * Takes a waiting task out of its array's rest and gives its raw job ID; the last one gets the
   * array's own. Call it inside a transaction.
   */
  splitFromArray(task: Task): number {
    if (task.jobId !== null) return task.jobId;
    const rest = this.database.prepare(
      "SELECT count(*) AS n FROM tasks WHERE base_id = ? AND job_id IS NULL",
    ).get(task.baseId);
    const jobId = Number(rest?.["n"]) > 1 ? this.takeJobId() : task.baseId;
    this.update(task.row, { jobId });
    return jobId;
  }

  /** Counts one more use of a scenario's rule and gives their number; call it inside a transaction. */
  countUse(rule: string): number {
    const row = this.database.prepare(
      `INSERT INTO rule_uses VALUES (?, 1)
       ON CONFLICT DO UPDATE SET uses = uses + 1 RETURNING uses`,
    ).get(rule);
    return Number(row?.["uses"]);
  }

  /** Forgets all uses: another scenario begins. */
  forgetUses(): void {
    this.database.exec("DELETE FROM rule_uses");
  }

  /** Removes a waiting task of an array, as scancel of one index does. */
  remove(row: number): void {
    this.database.prepare("DELETE FROM tasks WHERE row = ?").run(row);
  }

  /** The script and environment of a submission. */
  readContents(baseId: number): { script: Uint8Array; env: Record<string, string> } {
    const row = this.database.prepare(
      `SELECT script.content AS script, env.content AS env FROM submissions
       JOIN contents AS script ON script.hash = script_hash
       JOIN contents AS env ON env.hash = env_hash WHERE job_id = ?`,
    ).get(baseId);
    const env = JSON.parse(new TextDecoder().decode(bytesOf(row?.["env"])));
    return {
      script: bytesOf(row?.["script"]),
      env: v.parse(v.record(v.string(), v.string()), env),
    };
  }

  #keep(content: Uint8Array): string {
    const hash = createHash("sha256").update(content).digest("hex");
    this.database.prepare("INSERT OR IGNORE INTO contents VALUES (?, ?)")
      .run(hash, content);
    return hash;
  }

  /** What the submission `baseId` asked for. */
  specOf(baseId: number): JobSpec {
    let spec = this.#specs.get(baseId);
    if (spec === undefined) {
      const row = this.database.prepare("SELECT spec FROM submissions WHERE job_id = ?").get(
        baseId,
      );
      spec = parseJobSpec(String(row?.["spec"]));
      this.#specs.set(baseId, spec);
    }
    return spec;
  }

  /** Changes what the submission `baseId` asked for, for all its tasks; call it inside a transaction. */
  updateSpec(baseId: number, change: Partial<JobSpec>): void {
    const spec = { ...this.specOf(baseId), ...change };
    this.database.prepare("UPDATE submissions SET spec = ? WHERE job_id = ?")
      .run(JSON.stringify(spec), baseId);
    this.#specs.set(baseId, spec);
    this.database.exec(
      `INSERT INTO counters VALUES ('spec_changes', 1)
       ON CONFLICT DO UPDATE SET value = value + 1`,
    );
  }

  /** Notices what other processes have changed by {@linkcode updateSpec}. */
  refreshSpecs(): void {
    const row = this.database.prepare("SELECT value FROM counters WHERE name = 'spec_changes'")
      .get();
    const changes = Number(row?.["value"] ?? 0);
    if (changes !== this.#specChanges) this.#specs.clear();
    this.#specChanges = changes;
  }

  #toTask(row: Record<string, unknown>): Task {
    const task: Record<string, unknown> = {
      row: row["row"],
      baseId: row["base_id"],
      taskIndex: row["task_index"],
      cpus: row["cpus"],
      superseded: row["superseded"] === 1,
      process: row["process"] === null ? null : JSON.parse(String(row["process"])),
      spec: this.specOf(Number(row["base_id"])),
    };
    for (const [key, column] of Object.entries(COLUMNS)) task[key] = row[column];
    return task as unknown as Task;
  }
}

function bytesOf(blob: unknown): Uint8Array {
  if (blob instanceof Uint8Array) return blob;
  throw new TypeError("Cannot read a job's contents: its row is gone");
}
