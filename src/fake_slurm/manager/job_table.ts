import { sha1 } from "@noble/hashes/legacy";
import { join } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { explainStoreError } from "../../sqlite/explain_store_error.ts";
import { inTransaction, openStore } from "../../sqlite/open_store.ts";
import { cpusOf, type JobSpec } from "./job_spec.ts";
import { FAKE_SLURM_MIGRATIONS } from "./schema.ts";
import { TABLE_FILE } from "./state_directory.ts";
import type { NewJob, Task, TaskChange } from "./task.ts";

/** Turns SQLite's error for the table in `directory` into a {@linkcode UserError}; leaves others alone. */
export function explainTableError(error: unknown, directory: string): unknown {
  return explainStoreError(error, join(directory, TABLE_FILE));
}

/** The table of all jobs that the fake Slurm ever took. */
export class JobTable {
  /** Open as long as the table; for transactions, and for what one statement does best. */
  readonly database: DatabaseSync;
  readonly #specs = new Map<number, JobSpec>();

  /**
   * Opens the table in the state directory, making or migrating it where needed.
   *
   * @throws {UserError} As {@linkcode openStore} does.
   */
  constructor(directory: string) {
    // A power failure may cost the last jobs of a simulation: worth less than a sync per submission.
    this.database = openStore({
      path: join(directory, TABLE_FILE),
      migrations: FAKE_SLURM_MIGRATIONS,
      synchronous: "OFF",
    });
  }

  /** Ends the connection; the table cannot be used any more. */
  [Symbol.dispose](): void {
    this.database.close();
  }

  /** Runs `work` in one transaction: all of it happens, or nothing. */
  transaction<T>(work: () => T): T {
    return inTransaction(this.database, work);
  }

  /** Adds a submission with one task, or one for each index of its array; gives its job ID. */
  insert(job: NewJob): number {
    const jobId = this.takeJobId();
    const scriptHash = this.#keep(job.script);
    const envHash = this.#keep(new TextEncoder().encode(JSON.stringify(job.env)));
    this.database.prepare("INSERT INTO submissions VALUES (?, ?, ?, ?)")
      .run(jobId, JSON.stringify(job.spec), scriptHash, envHash);
    const { nowMs, beginMs, dependency, held } = job;
    const waits = held || dependency !== null;
    const isLater = (beginMs ?? 0) > nowMs;
    const reason = held ? "JobHeldUser" : waits ? "Dependency" : isLater ? "BeginTime" : "None";
    const insert = this.database.prepare(
      `INSERT INTO tasks (base_id, task_index, job_id, name, state, reason, hold, dependency,
         begin_ms, time_limit, cpus, submit_ms, eligible_ms)
       VALUES (?, ?, ?, ?, 'PENDING', ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    for (const index of job.spec.array?.indices ?? [null]) {
      insert.run(
        ...[jobId, index, index === null ? jobId : null, job.name, reason, held ? "user" : ""],
        ...[dependency, beginMs, job.timeLimit, cpusOf(job.spec), nowMs],
        waits ? null : beginMs ?? nowMs,
      );
    }
    return jobId;
  }

  /** Hands out the next job ID; call it inside a transaction. */
  takeJobId(): number {
    const jobId = this.nextJobId();
    this.database.exec("UPDATE counters SET value = value + 1 WHERE name = 'next_job_id'");
    return jobId;
  }

  /** The job ID that the next submission would get. */
  nextJobId(): number {
    const row = this.database.prepare("SELECT value FROM counters WHERE name = 'next_job_id'")
      .get();
    return Number(row?.["value"]);
  }

  /** Tasks for which the SQL condition `where` holds, in the order of submission and index. */
  find(where: string, ...values: readonly SQLInputValue[]): Task[] {
    const rows = this.database.prepare(
      `SELECT * FROM tasks WHERE ${where} ORDER BY base_id, task_index, superseded DESC, row`,
    ).all(...values);
    const keys = Object.keys(rows[0] ?? {}).map((column) => [column, toKey(column)] as const);
    return rows.map((row) => this.#toTask(row, keys));
  }

  /** How many tasks there are for which the SQL condition `where` holds. */
  count(where: string, ...values: readonly SQLInputValue[]): number {
    const row = this.database.prepare(`SELECT count(*) AS n FROM tasks WHERE ${where}`)
      .get(...values);
    return Number(row?.["n"]);
  }

  /** All tasks known under `jobId`: its own, or every task of the array it names. */
  findByJobId(jobId: number): Task[] {
    return this.find("base_id = ?1 OR job_id = ?1", jobId);
  }

  /** Changes one task. */
  update(row: number, change: TaskChange): void {
    const entries = Object.entries(change);
    if (entries.length === 0) return;
    const names = entries.map(([key]) => `${toColumn(key)} = ?`).join(", ");
    this.database.prepare(`UPDATE tasks SET ${names} WHERE row = ?`)
      .run(...entries.map(([, value]) => toSql(value)), row);
  }

  /** Keeps the run that `task` made as an earlier one of a requeued job. */
  keepEarlierRun(task: Task, change: TaskChange): void {
    const { row: _row, spec: _spec, ...run } = { ...task, ...change, superseded: 1 };
    const names = Object.keys(run).map(toColumn);
    const marks = names.map(() => "?").join(", ");
    this.database.prepare(`INSERT INTO tasks (${names.join(", ")}) VALUES (${marks})`)
      .run(...Object.values(run).map(toSql));
  }

  /**
   * Takes a waiting task out of its array's rest and gives its raw job ID; the last one gets the
   * array's own. Call it inside a transaction.
   */
  splitFromArray(task: Task): number {
    if (task.jobId !== null) return task.jobId;
    const rest = this.count("base_id = ? AND job_id IS NULL", task.baseId);
    const jobId = rest > 1 ? this.takeJobId() : task.baseId;
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
    return { script: bytesOf(row?.["script"]), env };
  }

  #keep(content: Uint8Array): string {
    const hash = sha1(content).toHex();
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
      spec = JSON.parse(String(row?.["spec"])) as JobSpec;
      this.#specs.set(baseId, spec);
    }
    return spec;
  }

  #toTask(row: Record<string, unknown>, keys: readonly (readonly [string, string])[]): Task {
    const task: Record<string, unknown> = { spec: this.specOf(Number(row["base_id"])) };
    for (const [column, key] of keys) task[key] = row[column];
    task["superseded"] = row["superseded"] === 1;
    task["process"] = row["process"] === null ? null : JSON.parse(String(row["process"]));
    return task as unknown as Task;
  }
}

/** SQL writes `job_id` where a {@linkcode Task} has `jobId`. */
const toColumn = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toKey = (column: string) => column.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

function toSql(value: unknown): SQLInputValue {
  return typeof value === "object" && value !== null
    ? JSON.stringify(value)
    : value as SQLInputValue;
}

function bytesOf(blob: unknown): Uint8Array {
  if (blob instanceof Uint8Array) return blob;
  throw new TypeError("Cannot read a job's contents: its row is gone");
}
