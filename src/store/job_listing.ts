import type { DatabaseSync } from "node:sqlite";
import type { Job, JobStage } from "../jobs/job.ts";
import { toJob } from "./job_rows.ts";
import { explainStoreError } from "./open_store.ts";
import { readRows } from "./read_rows.ts";

/** The jobs of the store, to be looked at: whatever their stage, never changed. */
export class JobListing {
  readonly #database: DatabaseSync;
  readonly #path: string;

  /** Reads an open store; `path` is for messages. */
  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /** Jobs of a work tree in these stages, the newest first, `limit` of them or all. */
  newest(worktree: string, stages: readonly JobStage[], limit: number | undefined): Job[] {
    const condition = `worktree = ? AND ${inStages(stages)}`;
    const statement = `SELECT * FROM job WHERE ${condition} ORDER BY job_key DESC LIMIT ?`;
    return this.#read(statement, toJob, worktree, limit ?? -1);
  }

  /** How many jobs of a work tree are in these stages. */
  count(worktree: string, stages: readonly JobStage[]): number {
    const statement = `SELECT count(*) AS n FROM job WHERE worktree = ? AND ${inStages(stages)}`;
    return this.#read(statement, (row) => Number(row["n"]), worktree)[0]!;
  }

  #read<T>(
    statement: string,
    toValue: (row: Record<string, unknown>) => T,
    ...values: (string | number)[]
  ): T[] {
    try {
      return readRows(this.#database, statement, values, toValue);
    } catch (error) {
      throw explainStoreError(error, this.#path);
    }
  }
}

/** Stages are words of ours: written out, the partial indices serve. */
function inStages(stages: readonly JobStage[]): string {
  return `(${stages.map((stage) => `stage = '${stage}'`).join(" OR ")})`;
}
