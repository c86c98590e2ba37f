/**
 * What is known of jobs, kept in one SQLite file of the repository.
 *
 * A *job row* is a job from the intent to submit it on; it is never deleted once Slurm took the job, it
 * changes its *stage*. Its *key* is our own number for it, since Slurm reuses job IDs. The *receipt* is
 * the job ID that the submission command printed. A *claim* is an output path that an open job holds, in
 * one work tree; output_conflict.ts decides whether two of them are in each other's way.
 *
 * @module
 */

import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { isSubmitted } from "../jobs/job.ts";
import type { Job, JobRequest, SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { adoptJobs } from "./adopt_jobs.ts";
import type { Adoption, JobToAdopt } from "./adopt_jobs.ts";
import { JobListing } from "./job_listing.ts";
import { dropJobs, prepareInsertion, readJob, toJob } from "./job_rows.ts";
import { MIGRATIONS } from "./migrations.ts";
import { explainStoreError, inTransaction, openStore } from "./open_store.ts";
import { OutputConflicts, prepareClaim } from "./output_conflict.ts";
import type { OutputConflict } from "./output_conflict.ts";
import { readRows } from "./read_rows.ts";
import { storeReceipts } from "./receipts.ts";
import type { Receipt } from "./receipts.ts";
import { deleteMoves, insertMoves, selectMoves } from "./ref_moves.ts";
import type { RefMove } from "./ref_moves.ts";
import { WaitingRows } from "./waiting_rows.ts";

/** Where the store is, below Git's common directory. */
export const STORE_FILE: string = join("dlslurm", "jobs.sqlite");

/** Thrown by {@linkcode JobStore.beginSubmission}; the transaction is rolled back. */
export class OutputConflictError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "OutputConflictError";
  /** The first conflict found; there may be more. */
  readonly conflict: OutputConflict;
  /** The job in the way: open, or still waiting or being submitted and then without a job ID. */
  readonly holder: Job;

  /** Takes the holder as it was read in the same transaction. */
  constructor(conflict: OutputConflict, holder: Job) {
    super(`Cannot claim "${conflict.path}": job ${holder.jobId ?? `(${holder.stage})`} holds it`);
    this.conflict = conflict;
    this.holder = holder;
  }
}

/** Of a dataset, what its store needs to know. */
export interface StorePlace {
  /** Git's common directory: linked worktrees share one store. */
  readonly commonDir: string;
  /** Its Git configuration. */
  readonly config: { get(name: string): string | undefined };
}

/**
 * The jobs of a dataset and their claims. Each method is one transaction: a crash leaves it done or
 * not begun.
 */
export class JobStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #path: string;
  /** The rows of tables that were not submitted yet. */
  readonly waiting: WaitingRows;
  /** All jobs, to be looked at. */
  readonly listing: JobListing;

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
    this.waiting = new WaitingRows(
      database,
      (work) => this.#transaction(work),
      (work) => this.#explain(work),
    );
    this.listing = new JobListing(database, (work) => this.#explain(work));
  }

  /**
   * Opens the store below Git's common directory, making it if there is none.
   *
   * @param vfs SQLite VFS, from `dlslurm.store.vfs`.
   * @throws {UserError} As {@linkcode openStore}.
   */
  static open(commonDir: string, vfs?: string): JobStore {
    const path = join(commonDir, STORE_FILE);
    return new JobStore(openStore({ path, migrations: MIGRATIONS, vfs }), path);
  }

  /**
   * Opens the store of a dataset as {@linkcode open} does, as the dataset's Git configuration asks.
   *
   * @throws {UserError} As {@linkcode openStore}.
   */
  static openIn({ commonDir, config }: StorePlace): JobStore {
    return JobStore.open(commonDir, config.get("dlslurm.store.vfs"));
  }

  /** Closes the file; another process may have it open all the while. */
  [Symbol.dispose](): void {
    this.#database.close();
  }

  /**
   * Notes the intent to submit a job and takes its claims, or neither. From here on other shells see
   * the claims.
   *
   * @param checksOutputs `false` to share places with open jobs; the first one keeps the claim.
   * @param submitter who is submitting, to tell a crashed submission from a running one.
   * @returns the job's key.
   * @throws {OutputConflictError} If an open job holds one of the outputs, one inside or around it.
   */
  beginSubmission(
    request: JobRequest,
    submitter: string,
    nowMs: number,
    checksOutputs = true,
  ): number {
    return this.#transaction(() => {
      const insert = prepareInsertion(this.#database);
      const key = insert({ request, stage: "submitting", nowMs, submitter });
      const claim = prepareClaim(this.#database);
      const conflicts = new OutputConflicts(this.#database);
      for (const path of request.outputs) {
        const conflict = checksOutputs ? conflicts.find(request.worktree, path, key) : undefined;
        if (conflict !== undefined) {
          throw new OutputConflictError(conflict, readJob(this.#database, conflict.jobKey));
        }
        claim(request.worktree, path, key);
      }
      return key;
    });
  }

  /**
   * Forgets a submission that certainly submitted nothing: its claims go with it. Rows of a table wait
   * again instead.
   */
  abandonSubmission(key: number): void {
    this.#transaction(() => {
      this.#database.prepare(
        `UPDATE job SET stage = 'waiting', submission_key = NULL, array_task = NULL
         WHERE (job_key = ? OR submission_key = ?) AND stage = 'submitting' AND waiting_plan IS NOT NULL`,
      ).run(key, key);
      dropJobs(this.#database, [key], "submitting");
    });
  }

  /**
   * Stores Slurm's receipt: the job is open from here on, or all rows of an array are, each as the job
   * `ID_TASK`. Storing the same receipt again is harmless.
   *
   * @throws {UserError} `SUBMISSION_UNCLEAR` if another open job has this job ID already, or the
   * submission is not in the store any more.
   */
  storeReceipt(key: number, jobId: string, cluster: string | null): void {
    this.storeReceipts([{ key, jobId, cluster }]);
  }

  /**
   * Stores several receipts in one transaction: all or none.
   *
   * @throws {UserError} As {@linkcode JobStore.storeReceipt}, for the first that cannot be stored.
   */
  storeReceipts(receipts: readonly Receipt[]): void {
    this.#transaction(() => storeReceipts(this.#database, receipts));
  }

  /** Runs `work` while no other process writes to the store. */
  exclusively<T>(work: () => T): T {
    return this.#transaction(work);
  }

  /** The open job that holds `path`, something inside or around it; `ownKey` does not count. */
  findHolder(worktree: string, path: string, ownKey: number): Job | undefined {
    return this.#explain(() => {
      const conflict = new OutputConflicts(this.#database).find(worktree, path, ownKey);
      return conflict === undefined ? undefined : readJob(this.#database, conflict.jobKey);
    });
  }

  /**
   * Takes over jobs that another program submitted, in one transaction; what stands in the way of one
   * leaves the others be.
   *
   * @returns as {@linkcode adoptJobs}.
   */
  adopt(jobs: readonly JobToAdopt[], checksOutputs: boolean): Adoption[] {
    return this.#transaction(() => adoptJobs(this.#database, jobs, checksOutputs));
  }

  /** The adopted jobs, open or not: their keys by {@linkcode JobToAdopt.mark}. */
  listAdopted(): Map<string, number> {
    const statement = "SELECT adopted_from, job_key FROM job WHERE adopted_from IS NOT NULL";
    const rows = this.#explain(() => this.#database.prepare(statement).all());
    return new Map(rows.map((row) => [String(row["adopted_from"]), Number(row["job_key"])]));
  }

  /** Adds what scontrol told of jobs. */
  storeDetails(details: ReadonlyMap<number, SubmissionDetails>): void {
    this.#transaction(() => {
      const update = this.#database.prepare("UPDATE job SET details = ? WHERE job_key = ?");
      for (const [key, each] of details) update.run(JSON.stringify(each), key);
    });
  }

  /** Open jobs of a work tree, in the order of their submission. */
  listOpen(worktree: string): SubmittedJob[] {
    return this.#select("stage = 'open' AND worktree = ? ORDER BY job_key", worktree)
      .filter(isSubmitted);
  }

  /**
   * Submissions of all work trees whose answer is not known, those under way included. An array of rows
   * is shown by its first.
   */
  listSubmitting(): Job[] {
    return this.#select(
      "stage = 'submitting' AND (submission_key IS NULL OR submission_key = job_key) ORDER BY job_key",
    );
  }

  /** The open jobs that came of submissions: of each one, or each row of an array. */
  listOfSubmissions(keys: readonly number[]): SubmittedJob[] {
    return this.#explain(() => {
      // Prepared once: ten thousand statements would be 150 MB until they are collected.
      const select = this.#database.prepare(
        "SELECT * FROM job WHERE stage = 'open' AND (job_key = ? OR submission_key = ?) ORDER BY job_key",
      );
      return keys.flatMap((key) => select.all(key, key).map(toJob)).filter(isSubmitted);
    });
  }

  /** Whether an array of rows was submitted under this key at this time, and no task is open any more. */
  isSubmissionEnded(key: number, submittedAtMs: number): boolean {
    const statement = `SELECT count(*) AS rows, sum(stage IN ('finished', 'closed')) AS ended
       FROM job WHERE submission_key = ? AND submitted_at_ms = ?`;
    const found = this.#explain(() => this.#database.prepare(statement).get(key, submittedAtMs));
    return Number(found?.["rows"]) > 0 && found?.["rows"] === found?.["ended"];
  }

  /** The job with this key once it has a job ID. */
  findSubmitted(key: number): SubmittedJob | undefined {
    return this.#select("job_key = ?", key).find(isSubmitted);
  }

  /** The job with this ID whose submission began last, whatever its stage, cluster and work tree. */
  findByJobId(jobId: string): Job | undefined {
    return this.#select("job_id = ? ORDER BY job_key DESC LIMIT 1", jobId)[0];
  }

  /**
   * Notes the commits that were built for jobs, before the branch moves to them. A later run finds
   * them in the branch's history or not, and knows.
   *
   * @param moves all refs that are about to move, in that order, where there are several repositories;
   * they take the place of those that were noted before.
   */
  storeCommits(
    commits: ReadonlyMap<number, string>,
    base: string,
    moves: readonly RefMove[] = [],
  ): void {
    this.#transaction(() => {
      const update = this.#database.prepare(
        "UPDATE job SET commit_oid = ?, commit_base = ? WHERE job_key = ?",
      );
      for (const [key, oid] of commits) update.run(oid, base, key);
      deleteMoves(this.#database, commits.keys());
      insertMoves(this.#database, moves);
    });
  }

  /** The moves that were noted for a work tree and neither completed nor taken back. */
  listMoves(worktree: string): RefMove[] {
    return this.#explain(() => selectMoves(this.#database, worktree));
  }

  /** Takes back what {@linkcode JobStore.storeCommits} noted: no branch has moved. */
  forgetCommits(keys: Iterable<number>): void {
    this.#transaction(() => {
      const update = this.#database.prepare(
        "UPDATE job SET commit_oid = NULL, commit_base = NULL WHERE job_key = ?",
      );
      const all = [...keys];
      for (const key of all) update.run(key);
      deleteMoves(this.#database, all);
    });
  }

  /**
   * Ends jobs: their claims are released, the rows stay. A finished job means that no move is left to
   * be made. Ending a job twice is harmless.
   */
  end(keys: Iterable<number>, stage: "finished" | "closed", nowMs: number, because?: string): void {
    this.#transaction(() => {
      const update = this.#database.prepare(
        "UPDATE job SET stage = ?, ended_at_ms = ?, closed_because = ? WHERE job_key = ?",
      );
      const release = this.#database.prepare("DELETE FROM claim WHERE job_key = ?");
      const all = [...keys];
      for (const key of all) {
        update.run(stage, nowMs, because ?? null, key);
        release.run(key);
      }
      if (stage === "finished") deleteMoves(this.#database, all);
    });
  }

  #select(condition: string, ...values: (string | number)[]): Job[] {
    const statement = `SELECT * FROM job WHERE ${condition}`;
    return this.#explain(() => readRows(this.#database, statement, values, toJob));
  }

  #explain<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw explainStoreError(error, this.#path);
    }
  }

  #transaction<T>(work: () => T): T {
    return this.#explain(() => inTransaction(this.#database, work));
  }
}
