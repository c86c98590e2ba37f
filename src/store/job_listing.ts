import type { DatabaseSync } from "node:sqlite";
import type { Job, JobStage } from "../jobs/job.ts";
import { toJob } from "./job_rows.ts";
import type { StoreWork } from "./open_store.ts";
import { readRows } from "./read_rows.ts";

/** The jobs of the store, to be looked at: whatever their stage, never changed. */
export class JobListing {
  readonly #database: DatabaseSync;
  readonly #read: StoreWork;

  /** Reads an open store through `read`. */
  constructor(database: DatabaseSync, read: StoreWork) {
    this.#database = database;
    this.#read = read;
  }

  /** Jobs of a work tree in these stages, the newest first, `limit` of them or all. */
  newest(worktree: string, stages: readonly JobStage[], limit: number | undefined): Job[] {
    const condition = `worktree = ? AND ${inStages(stages)}`;
    const statement = `SELECT * FROM job WHERE ${condition} ORDER BY job_key DESC LIMIT ?`;
    return this.#read(() => readRows(this.#database, statement, [worktree, limit ?? -1], toJob));
  }

  /** How many jobs of a work tree are in these stages. */
  count(worktree: string, stages: readonly JobStage[]): number {
    const statement = `SELECT count(*) AS n FROM job WHERE worktree = ? AND ${inStages(stages)}`;
    return this.#read(() => Number(this.#database.prepare(statement).get(worktree)!["n"]));
  }
}

/** Stages are words of ours: written out, the partial indices serve. */
function inStages(stages: readonly JobStage[]): string {
  return `(${stages.map((stage) => `stage = '${stage}'`).join(" OR ")})`;
}
