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
    const { text, worktrees } = selectionOf(stages);
    const values = [...Array<string>(worktrees).fill(worktree), limit ?? -1];
    const statement = `${text} ORDER BY job_key DESC LIMIT ?`;
    return this.#read(() => readRows(this.#database, statement, values, toJob));
  }

  /** How many jobs of a work tree are in these stages. */
  count(worktree: string, stages: readonly JobStage[]): number {
    const { text, worktrees } = selectionOf(stages);
    const values = Array<string>(worktrees).fill(worktree);
    const statement = `SELECT count(*) AS n FROM (${text})`;
    return this.#read(() => Number(this.#database.prepare(statement).get(...values)!["n"]));
  }
}

/** Stages that few jobs of a long history are in: each has an index of its own. */
const INDEXED: readonly JobStage[] = ["waiting", "submitting", "open"];

/**
 * The SELECT of all jobs in some stages, and how many parameters in it are the work tree. Stages are
 * words of ours: written out, the partial indices serve, but for one stage at a time only. With the other
 * stages a history is read from its end on, as far as rows are wanted.
 */
function selectionOf(stages: readonly JobStage[]): { text: string; worktrees: number } {
  const isIn = (stage: JobStage) => `stage = '${stage}'`;
  const conditions = stages.every((stage) => INDEXED.includes(stage))
    ? stages.map(isIn)
    : [`(${stages.map(isIn).join(" OR ")})`];
  const parts = conditions.map((each) => `SELECT * FROM job WHERE worktree = ? AND ${each}`);
  return { text: parts.join(" UNION ALL "), worktrees: parts.length };
}
