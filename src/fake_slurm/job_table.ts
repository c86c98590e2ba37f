import { createHash } from "node:crypto";
import { join } from "node:path";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import * as v from "valibot";
import { explainStoreError, openStore } from "../store/open_store.ts";
import { cpusOf, type JobSpec, parseJobSpec } from "./job_spec.ts";
import type { JobState } from "./job_state.ts";
import type { ProcessIdentity } from "./process_identity.ts";
import { FAKE_SLURM_MIGRATIONS } from "./schema.ts";
import { StepTable } from "./step_table.ts";
import type { TimeLimit } from "./time_limit.ts";

/** One job, or one task of an array, as it stands in the table. */
export interface Task {
  /** Key in the table; negative for a row that only accounting has. */
  readonly row: number;
  /** The job ID that sbatch printed: the array's for all its tasks. */
  readonly baseId: number;
  /** Index in the array; `null` for a job that is no array. */
  readonly taskIndex: number | null;
  /** Raw job ID; `null` while the task waits in its array's common rest. */
  readonly jobId: number | null;
  /** `scontrol update` may have changed it since the submission. */
  readonly name: string;
  /** As accounting has it: COMPLETING is the controller's view only. */
  readonly state: JobState;
  /** Why it waits or ended so, in 22.05's words; `None` if nothing is to be said. */
  readonly reason: string;
  /** Who holds it back: nobody, its user, or a requeue. */
  readonly hold: "" | "user" | "admin";
  /** `--dependency` as given; `null` without one, and once it is fulfilled. */
  readonly dependency: string | null;
  /** Does not start before: milliseconds since the epoch, as are the other times. */
  readonly beginMs: number | null;
  /** Minutes, or `null` for no limit. */
  readonly timeLimit: TimeLimit;
  /** What it asks for in all. */
  readonly cpus: number;
  /** When it was submitted, or last requeued. */
  readonly submitMs: number;
  /** When nothing but the lack of resources could hold it any more; `null` before that is known. */
  readonly eligibleMs: number | null;
  /** Start of this run; also set where a job ended for a dependency without any. */
  readonly startMs: number | null;
  /** `null` until it ended. */
  readonly endMs: number | null;
  /** What stands before the colon of scontrol's `ExitCode`; means nothing until the job ended. */
  readonly exitCode: number;
  /** What stands behind that colon: a signal's number, or Slurm's own 53 and 125. */
  readonly exitSignal: number;
  /** State of the `.batch` step; `null` before it started. */
  readonly batchState: JobState | null;
  /** Exit status of that step: the script's own, whatever became of the job. */
  readonly batchCode: number;
  /** The signal that ended that step, or 125 where memory ran out; otherwise 0. */
  readonly batchSignal: number;
  /** The state it will end in once the signal has done its work; `null` unless it is being ended. */
  readonly killState: JobState | null;
  /** When that signal was first sent; SIGKILL follows if it does not help. */
  readonly killSignalledMs: number | null;
  /** User ID of who cancelled it, for `CANCELLED by 1000`. */
  readonly cancelledBy: number | null;
  /** How often it has been requeued: SLURM_RESTART_COUNT. */
  readonly restarts: number;
  /** An earlier run of a job that was requeued: only sacct --duplicates shows it. */
  readonly superseded: boolean;
  /** Leads the session in which the script runs; `null` before it does, and after. */
  readonly process: ProcessIdentity | null;
  /** Shared by all tasks of an array. */
  readonly spec: JobSpec;
}

/** What a submission sets beside its {@linkcode JobSpec}, and what can change later. */
export interface NewJob {
  /** What stays as it is for all runs of the job. */
  readonly spec: JobSpec;
  /** `--job-name`, or what Slurm calls a job without one: after its script. */
  readonly name: string;
  /** The batch script, byte by byte. */
  readonly script: Uint8Array;
  /** The whole environment of sbatch; what of it the job sees is decided when it starts. */
  readonly env: Readonly<Record<string, string>>;
  /** By `--hold` or `--priority=0`: it waits for `scontrol release`. */
  readonly held: boolean;
  /** `--dependency` as given, found readable; `null` without one. */
  readonly dependency: string | null;
  /** `--begin` in milliseconds since the epoch, `null` without one. */
  readonly beginMs: number | null;
  /** Minutes, or `null` for no limit. */
  readonly timeLimit: TimeLimit;
  /** Time of the submission, in milliseconds since the epoch. */
  readonly nowMs: number;
}

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

/** Changes to one task; what is absent stays. */
export type TaskChange = Partial<
  Omit<Task, "row" | "baseId" | "taskIndex" | "cpus" | "superseded" | "spec">
>;

/** Turns SQLite's error for the table in `directory` into a {@linkcode UserError}; leaves others alone. */
export function explainTableError(error: unknown, directory: string): unknown {
  return explainStoreError(error, join(directory, "jobs.sqlite"));
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
