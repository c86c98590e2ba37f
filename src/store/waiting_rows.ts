import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { JOB_STAGES } from "../jobs/job.ts";
import type { Job, JobRequest, JobStage, WaitingJob, WaitingPlan } from "../jobs/job.ts";
import { dropJobs, prepareInsertion, readJob, toJob } from "./job_rows.ts";
import type { StoreWork } from "./open_store.ts";
import { OutputConflicts, prepareClaim } from "./output_conflict.ts";
import type { OutputConflict } from "./output_conflict.ts";

const TextList = v.array(v.string());
const Plan = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    command: v.string(),
    directory: v.string(),
    inputs: TextList,
    transfers: v.nullable(v.number()),
    toUnlock: TextList,
    array: v.nullable(v.object({ limit: v.nullable(v.number()) })),
  }),
);

const Known = v.pipe(
  v.object({ job_key: v.number(), stage: v.picklist(JOB_STAGES) }),
  v.transform(({ job_key: key, stage }): KnownRow => ({ key, stage })),
);
/** Rows are read so many at a time: with their plans, 10,000 of them are large. */
const ROWS_AT_ONCE = 1_000;

/** A row that was noted before. */
export interface KnownRow {
  /** The job's key. */
  readonly key: number;
  /** Where it stands. */
  readonly stage: JobStage;
}

/** A row of a table that is to be noted. */
export interface NewWaitingRow {
  /** What is known of the job; `row` is set. */
  readonly request: JobRequest;
  /** The same for the same command, outputs and inputs: tells rows that were submitted before. */
  readonly identity: string;
  /** How it is to be submitted. */
  readonly plan: WaitingPlan;
}

/** An output of a new row that another job holds. */
export interface RowConflict extends OutputConflict {
  /** Which of the new rows, from 0. */
  readonly at: number;
  /** Another of the new rows, from 0, or a job that was there before. */
  readonly with: number | Job;
}

/** What became of new rows: their keys in order, or the conflicts for which none was noted. */
export type AddedRows =
  | { readonly keys: readonly number[] }
  | { readonly conflicts: readonly RowConflict[] };

/** How new rows are noted. */
export interface AddRowsOptions {
  /** `false` to share places with open jobs and each other; the first one keeps the claim. */
  readonly checksOutputs: boolean;
  /** Only look for conflicts. */
  readonly isTrial: boolean;
  /** Identity of the process that begins, as JSON. */
  readonly submitter: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** Who takes rows to submit them. */
export interface RowTaker {
  /** Identity of the process, as JSON. */
  readonly submitter: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Called for each row that is taken, while no other process can know of it. */
  readonly beforeTaking: (key: number) => void;
}

class RolledBack extends Error {}

/**
 * The rows of tables on their way to Slurm: `waiting`, until their submission begins. Each method is one
 * transaction, however many rows it is about. Rows that share one submission, as an array, have the key
 * of their first one as `submission_key`.
 */
export class WaitingRows {
  readonly #database: DatabaseSync;
  readonly #transaction: StoreWork;
  readonly #read: StoreWork;

  /** Changes an open store through `transaction`, which is one each, and reads it through `read`. */
  constructor(database: DatabaseSync, transaction: StoreWork, read: StoreWork) {
    this.#database = database;
    this.#transaction = transaction;
    this.#read = read;
  }

  /** Notes rows with their claims, all or none. */
  add(rows: readonly NewWaitingRow[], options: AddRowsOptions): AddedRows {
    let result: AddedRows = { keys: [] };
    try {
      this.#transaction(() => {
        result = this.#insert(rows, options);
        if ("conflicts" in result || options.isTrial) throw new RolledBack();
      });
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
    }
    return result;
  }

  /** The rows of a work tree that were noted before, by identity; of several the latest. */
  findKnown(worktree: string, identities: readonly string[]): Map<string, KnownRow> {
    return this.#read(() => {
      const select = this.#database.prepare(
        `SELECT job_key, stage FROM job WHERE worktree = ? AND row_identity = ?
         ORDER BY job_key DESC LIMIT 1`,
      );
      const known = new Map<string, KnownRow>();
      for (const identity of identities) {
        const found = select.get(worktree, identity);
        if (found !== undefined) known.set(identity, v.parse(Known, found));
      }
      return known;
    });
  }

  /**
   * Keys of waiting rows of a work tree, in their order.
   *
   * @param ofSite those alone that wait because the site took no more jobs.
   */
  keys(worktree: string, ofSite: boolean): number[] {
    const statement = `SELECT job_key FROM job WHERE stage = 'waiting' AND worktree = ?${
      ofSite ? " AND waits_for_site = 1" : ""
    } ORDER BY job_key`;
    return this.#read(() =>
      this.#database.prepare(statement).all(worktree).map((row) => Number(row["job_key"]))
    );
  }

  /** Reads waiting rows, some at a time; those that do not wait any more by then are left out. */
  *read(keys: readonly number[]): Generator<WaitingJob, void> {
    for (let start = 0; start < keys.length; start += ROWS_AT_ONCE) {
      const part = keys.slice(start, start + ROWS_AT_ONCE);
      yield* this.#read(() => this.#select("waiting", part));
    }
  }

  /**
   * Begins the submission of waiting rows, each by itself. From here on a crash leaves them to
   * `recover`, which puts back what certainly was not submitted.
   *
   * @returns those that still waited, and are now the caller's.
   */
  take(keys: readonly number[], taker: RowTaker): WaitingJob[] {
    return this.#transaction(() => this.#take(keys, taker));
  }

  /**
   * Begins the submission of waiting rows as the tasks of one array: 0, 1, … in their order.
   *
   * @returns those that still waited; the first one's key is that of the submission.
   */
  takeAsArray(keys: readonly number[], taker: RowTaker): WaitingJob[] {
    return this.#transaction(() => {
      const taken = this.#take(keys, taker);
      const update = this.#database.prepare(
        "UPDATE job SET submission_key = ?, array_task = ? WHERE job_key = ?",
      );
      taken.forEach((job, task) => update.run(taken[0]!.key, task, job.key));
      return taken;
    });
  }

  /** Puts rows back that the caller has taken and that certainly were not submitted: they wait again. */
  putBack(keys: readonly number[], forSite: boolean): void {
    this.#transaction(() => {
      const update = this.#database.prepare(
        `UPDATE job SET stage = 'waiting', waits_for_site = ?, submission_key = NULL, array_task = NULL
         WHERE job_key = ? AND stage = 'submitting' AND waiting_plan IS NOT NULL`,
      );
      for (const key of keys) update.run(forSite ? 1 : 0, key);
    });
  }

  /** Notes of rows that still wait that they do because the site takes no more jobs for now. */
  markForSite(keys: readonly number[]): void {
    this.#transaction(() => {
      const update = this.#database.prepare(
        "UPDATE job SET waits_for_site = 1 WHERE job_key = ? AND stage = 'waiting'",
      );
      for (const key of keys) update.run(key);
    });
  }

  /** Forgets rows of this stage of which certainly no job came; their claims go with them. */
  drop(keys: readonly number[], stage: "waiting" | "submitting"): void {
    this.#transaction(() => dropJobs(this.#database, keys, stage));
  }

  #insert(rows: readonly NewWaitingRow[], options: AddRowsOptions): AddedRows {
    const finder = new OutputConflicts(this.#database);
    const insert = prepareInsertion(this.#database);
    const claim = prepareClaim(this.#database);
    const indices = new Map<number, number>();
    const conflicts: RowConflict[] = [];
    rows.forEach(({ request, identity, plan }, at) => {
      const key = insert({
        request,
        stage: "waiting",
        nowMs: options.nowMs,
        submitter: options.submitter,
        identity,
        plan: JSON.stringify(plan),
      });
      indices.set(key, at);
      for (const path of request.outputs) {
        const conflict = options.checksOutputs
          ? finder.find(request.worktree, path, key)
          : undefined;
        if (conflict === undefined) claim(request.worktree, path, key);
        else {
          const holder = indices.get(conflict.jobKey) ?? readJob(this.#database, conflict.jobKey);
          conflicts.push({ ...conflict, at, with: holder });
        }
      }
    });
    return conflicts.length > 0 ? { conflicts } : { keys: [...indices.keys()] };
  }

  #take(keys: readonly number[], { submitter, nowMs, beforeTaking }: RowTaker): WaitingJob[] {
    const update = this.#database.prepare(
      `UPDATE job SET stage = 'submitting', submitter = ?, submitted_at_ms = ?, waits_for_site = 0
       WHERE job_key = ? AND stage = 'waiting'`,
    );
    const own = keys.filter((key) => Number(update.run(submitter, nowMs, key).changes) === 1);
    for (const key of own) beforeTaking(key);
    return this.#select("submitting", own);
  }

  #select(stage: "waiting" | "submitting", keys: readonly number[]): WaitingJob[] {
    const select = this.#database.prepare("SELECT * FROM job WHERE job_key = ? AND stage = ?");
    return keys.flatMap((key) => select.all(key, stage))
      .map((fields) => ({ ...toJob(fields), plan: v.parse(Plan, fields["waiting_plan"]) }));
  }
}
