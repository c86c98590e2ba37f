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
import { SharedMode } from "../fs/shared_mode.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { GatheredEvidence } from "../jobs/noted_evidence.ts";
import type { FilesBefore } from "../jobs/files_before.ts";
import type { Job, JobRequest, SubmittedJob } from "../jobs/job.ts";
import { AdoptedJobs } from "./adopt_jobs.ts";
import { prepareUpdate } from "./columns.ts";
import { Handovers } from "./handovers.ts";
import { Home } from "./home.ts";
import { FinishingJobs } from "./finishing_jobs.ts";
import {
  JobEvidence,
  prepareEvidenceNote,
  prepareEvidenceRemoval,
  readNewestEvidence,
} from "./job_evidence.ts";
import { JobCommits } from "./job_commits.ts";
import { JobNotes } from "./job_notes.ts";
import { JobFiles, prepareFilesNote, prepareFilesRemoval } from "./job_files.ts";
import { JobListing } from "./job_listing.ts";
import { DamagedRows } from "./damaged_rows.ts";
import { dropJobs, IS_OF_MARK, prepareInsertion } from "./job_rows.ts";
import { DamagedRowError } from "./read_job.ts";
import { readJob, toJob } from "./read_job.ts";
import { Retries } from "./retries.ts";
import { MIGRATIONS, STORE_ID } from "./schema.ts";
import { IN_MEMORY, isThere, openStoreFile } from "../sqlite/open_store.ts";
import type { StoreFile, StoreSharing } from "../sqlite/open_store.ts";
import { OutputConflictError, OutputConflicts, prepareClaim } from "./output_conflict.ts";
import { allRows, readRows } from "./read_rows.ts";
import { Receipts } from "./receipts.ts";
import { deleteMoves } from "./ref_moves.ts";
import { Unanswered } from "./unanswered.ts";
import type { SubmittedCommand } from "./unanswered.ts";
import {
  bindStore,
  requireNoOtherStore,
  sharingOf,
  STORE_FILE,
  storeFileOf,
  WITHOUT_LOCKS,
} from "./store_place.ts";
import type { StorePlace } from "./store_place.ts";
import { WaitingRows } from "./waiting_rows.ts";
import { Arrays } from "./split_array.ts";
import type { PartsOfStore } from "./store_part.ts";
import { Worktrees } from "./worktrees.ts";

/** What is noted with a submission. */
export interface SubmissionNotes {
  /** `false` to share places with open jobs; the first one keeps the claim. */
  readonly checksOutputs?: boolean;
  /** Absent: nothing is known of its files. */
  readonly before?: FilesBefore | undefined;
  /** Absent: its record will say nothing of its submission. */
  readonly evidence?: GatheredEvidence | undefined;
  /** Absent: Slurm cannot be asked for a job whose answer is lost. */
  readonly submittedAs?: SubmittedCommand | undefined;
}

/** What is read as a store is opened, in one go with that. */
interface FirstLook {
  submitting?: readonly Record<string, unknown>[];
  newestEvidence?: Record<string, unknown> | undefined;
}

/**
 * The jobs of a dataset and their claims. Each method is one transaction: a crash leaves it done or
 * not begun.
 */
export class JobStore implements Disposable {
  readonly #file: StoreFile;
  readonly #database: DatabaseSync;
  readonly #worktrees: Worktrees;
  readonly #home: Home;
  /** Rows that cannot be read, which lists leave out. */
  readonly damaged: DamagedRows;
  /** What submission commands answered. */
  readonly receipts: Receipts;
  /** The rows of tables that were not submitted yet. */
  readonly waiting: WaitingRows;
  /** Failed jobs that are submitted again. */
  readonly retries: Retries;
  /** The arrays that are one job each. */
  readonly arrays: Arrays;
  /** The jobs that other programs have submitted. */
  readonly adopted: AdoptedJobs;
  /** What the files of jobs were before they ran. */
  readonly files: JobFiles;
  /** What was seen of jobs when they were submitted. */
  readonly evidence: JobEvidence;
  /** All jobs, to be looked at. */
  readonly listing: JobListing;
  /** The jobs that run finish once others have ended. */
  readonly finishing: FinishingJobs;
  /** The jobs that went to other clones. */
  readonly handovers: Handovers;
  /** What was learnt of jobs since they were submitted. */
  readonly notes: JobNotes;
  /** The commits that were built for jobs. */
  readonly commits: JobCommits;
  /** What tells the job of a submission whose answer was lost. */
  readonly unanswered: Unanswered;
  /** As they were when the store was opened, for whoever looks first. */
  #submittingAtFirst: readonly Record<string, unknown>[] | undefined;

  private constructor(
    file: StoreFile,
    path: string,
    worktrees: Worktrees,
    atFirst: FirstLook = {},
  ) {
    this.#submittingAtFirst = atFirst.submitting;
    const { database } = file;
    this.#file = file;
    this.#database = database;
    this.damaged = new DamagedRows(path);
    this.#worktrees = worktrees;
    this.#home = new Home(worktrees.commonDir, STORE_FILE);
    const parts: PartsOfStore = {
      database,
      transaction: (work) => this.#transaction(work),
      read: (work) => this.#explain(work),
      worktrees,
      home: this.#home,
      damaged: this.damaged,
      newestEvidence: atFirst.newestEvidence,
    };
    this.receipts = new Receipts(parts);
    this.waiting = new WaitingRows(parts);
    this.retries = new Retries(parts);
    this.arrays = new Arrays(parts);
    this.adopted = new AdoptedJobs(parts);
    this.files = new JobFiles(parts);
    this.evidence = new JobEvidence(parts);
    this.listing = new JobListing(parts);
    this.finishing = new FinishingJobs(parts);
    this.handovers = new Handovers(parts);
    this.notes = new JobNotes(parts);
    this.commits = new JobCommits(parts);
    this.unanswered = new Unanswered(parts);
  }

  /**
   * Opens the store below Git's common directory, making it if there is none.
   *
   * @param sharing how it is shared with other processes, from `dlslurm.store.vfs`.
   * @param mode who may use it beside its owner.
   * @param path of its file, absolute.
   * @throws {UserError} As {@linkcode openStoreFile}.
   */
  static open(
    commonDir: string,
    sharing: StoreSharing = "unix",
    mode: SharedMode = SharedMode.UMASK,
    path: string = join(commonDir, STORE_FILE),
  ): JobStore {
    const atFirst: FirstLook = {};
    const options = {
      ...{ path, migrations: MIGRATIONS, applicationId: STORE_ID, mode },
      withoutLocks: WITHOUT_LOCKS,
      // Nearly every command looks at these first.
      first: (database: DatabaseSync) => {
        try {
          const statement = `SELECT * FROM job WHERE ${SUBMITTING}`;
          atFirst.submitting = readRows(database, statement, [], (row) => row);
          atFirst.newestEvidence = readNewestEvidence(database);
        } catch {
          // Damaged: said by the look itself, which others may do without.
        }
      },
    };
    const file = openStoreFile(options, sharing);
    return new JobStore(file, path, new Worktrees(commonDir, mode), atFirst);
  }

  /**
   * Opens the store of a dataset as {@linkcode open} does, as the dataset's Git configuration asks.
   *
   * @throws {UserError} As {@linkcode openStoreFile} and {@linkcode storeFileOf}, or `USAGE` for a
   * `dlslurm.store.vfs` that there is not.
   */
  static openIn(place: StorePlace): JobStore {
    const { commonDir, config } = place;
    const sharing = sharingOf(config);
    const path = storeFileOf(place);
    const isNew = !isThere(path);
    if (path !== join(commonDir, STORE_FILE)) bindStore(place);
    const store = JobStore.open(commonDir, sharing, SharedMode.of(config), path);
    try {
      if (isNew && path === join(commonDir, STORE_FILE)) requireNoOtherStore(place);
      return store;
    } catch (error) {
      store[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Opens the store of a dataset for a look: where there is none, none is made, and there are no jobs. Who
   * may not write to the repository can look all the same.
   *
   * @throws {UserError} As {@linkcode openStoreFile}.
   */
  static openToLook(place: StorePlace): JobStore {
    if (isThere(storeFileOf(place))) return JobStore.openIn(place);
    const file = openStoreFile({ path: IN_MEMORY, migrations: MIGRATIONS }, "unix");
    return new JobStore(file, IN_MEMORY, new Worktrees(place.commonDir, SharedMode.UMASK));
  }

  /** Closes the file; another process may have it open all the while. */
  [Symbol.dispose](): void {
    this.#file.close();
  }

  /**
   * Notes the intent to submit a job and takes its claims, or neither. From here on other shells see
   * the claims.
   *
   * @param submitter who is submitting, to tell a crashed submission from a running one.
   * @returns the job's key.
   * @throws {OutputConflictError} If an open job holds one of the outputs, one inside or around it.
   */
  beginSubmission(
    request: JobRequest,
    submitter: string,
    nowMs: number,
    { checksOutputs = true, before, evidence, submittedAs }: SubmissionNotes = {},
  ): number {
    return this.#transaction(() => {
      const insert = prepareInsertion(this.#database);
      const mark = this.#worktrees.requireMark(request.worktree);
      this.#home.note(this.#database);
      const row = { request, stage: "submitting", mark, nowMs, submitter } as const;
      const key = insert(submittedAs === undefined ? row : { ...row, submittedAs });
      if (before !== undefined) prepareFilesNote(this.#database)(key, before);
      if (evidence !== undefined) prepareEvidenceNote(this.#database)(key, evidence);
      this.#claim(request.worktree, request.outputs, key, checksOutputs);
      return key;
    });
  }

  /**
   * Forgets a submission that certainly submitted nothing: its claims go with it, and what was noted of
   * its files. Rows of a table wait again instead, with their claims.
   *
   * @returns how many rows wait again.
   */
  abandonSubmission(key: number): number {
    return this.#transaction(() => {
      const { changes } = this.#database.prepare(
        `UPDATE job SET stage = 'waiting', submission_key = NULL, array_task = NULL
         WHERE (job_key = ? OR submission_key = ?) AND stage = 'submitting' AND waiting_plan IS NOT NULL`,
      ).run(key, key);
      dropJobs(this.#database, [key], "submitting");
      return Number(changes);
    });
  }

  /** Runs `work` while no other process writes to the store. */
  exclusively<T>(work: () => T): T {
    return this.#transaction(work);
  }

  /**
   * Adds outputs to an open job, and takes their claims, or neither.
   *
   * @throws {OutputConflictError} If another open job holds one of them, one inside or around it.
   */
  addOutputs(key: number, paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.#transaction(() => {
      const { worktree, outputs } = readJob(this.#database, key);
      this.#claim(worktree, paths, key);
      prepareUpdate(this.#database)(key, { outputs: [...new Set([...outputs, ...paths])] });
    });
  }

  /**
   * Requires that a new job could claim `paths`; nothing is claimed.
   *
   * @throws {OutputConflictError} As {@linkcode JobStore.beginSubmission}.
   */
  requireFree(worktree: string, paths: readonly string[]): void {
    this.#explain(() => this.#requireFree(worktree, paths, -1));
  }

  #requireFree(worktree: string, paths: readonly string[], ownKey: number): void {
    const conflicts = new OutputConflicts(this.#database);
    for (const path of paths) {
      const conflict = conflicts.find(worktree, path, ownKey);
      if (conflict === undefined) continue;
      throw new OutputConflictError(conflict, readJob(this.#database, conflict.jobKey));
    }
  }

  #claim(worktree: string, paths: readonly string[], key: number, checksOutputs = true): void {
    if (checksOutputs) this.#requireFree(worktree, paths, key);
    const claim = prepareClaim(this.#database);
    for (const path of paths) claim(worktree, path, key);
  }

  /**
   * The open jobs that hold `path` or something around it, in the order of their submission; with `inside`
   * also those that hold something in it.
   */
  findHolders(worktree: string, path: string, inside: boolean): Job[] {
    return this.#explain(() =>
      new OutputConflicts(this.#database).findHolders(worktree, path, inside)
        .map((key) => readJob(this.#database, key))
    );
  }

  /**
   * Open jobs of a work tree, in the order of their submission; those of an older one that had the same
   * name are not among them.
   */
  listOpen(worktree: string): SubmittedJob[] {
    const mark = this.#worktrees.markOf(worktree);
    const condition = `stage = 'open' AND worktree = ? AND ${IS_OF_MARK} ORDER BY job_key`;
    return this.#list(condition, worktree, mark).filter(isSubmitted);
  }

  /**
   * Finds out whether this store is a copy, and which of these jobs are those of the first one.
   *
   * @returns the directory of the first one, and the keys of its jobs; `undefined` if this is no copy.
   */
  findCopied(
    keys: readonly number[],
  ): { readonly original: string; readonly keys: ReadonlySet<number> } | undefined {
    return this.#explain(() => this.#home.findCopied(this.#database, keys));
  }

  /**
   * Submissions of all work trees whose answer is not known, those under way included. An array of rows
   * is shown by its first.
   */
  listSubmitting(): Job[] {
    const known = this.#submittingAtFirst;
    this.#submittingAtFirst = undefined;
    if (known === undefined) return this.#list(SUBMITTING);
    return known.map(this.damaged.toJob).filter((job) => job !== undefined);
  }

  /** The open jobs that came of submissions: of each one, or each row of an array. */
  listOfSubmissions(keys: readonly number[]): SubmittedJob[] {
    return this.#explain(() => {
      // Prepared once: ten thousand statements would be 150 MB until they are collected.
      const select = this.#database.prepare(
        "SELECT * FROM job WHERE stage = 'open' AND (job_key = ? OR submission_key = ?) ORDER BY job_key",
      );
      return keys.flatMap((key) => allRows(select, key, key).map(toJob)).filter(isSubmitted);
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
   * Ends jobs: their claims are released, the rows stay. A finished job means that no move is left to
   * be made; moves in several datasets stay noted until {@linkcode JobCommits.forgetMoves}, since locks are
   * held there still. Ending a job twice is harmless.
   */
  end(keys: Iterable<number>, stage: "finished" | "closed", nowMs: number, because?: string): void {
    this.#transaction(() => {
      const update = prepareUpdate(this.#database);
      const release = this.#database.prepare("DELETE FROM claim WHERE job_key = ?");
      const forgetFiles = prepareFilesRemoval(this.#database);
      const forgetEvidence = prepareEvidenceRemoval(this.#database);
      const all = [...keys];
      for (const key of all) {
        update(key, { stage, ended_at_ms: nowMs, closed_because: because });
        release.run(key);
        forgetFiles(key);
        forgetEvidence(key);
      }
      if (stage === "finished") deleteMoves(this.#database, all, false);
    });
  }

  /** Jobs to be shown or worked on, those that can be read. */
  #list(condition: string, ...values: (string | number | null)[]): Job[] {
    const statement = `SELECT * FROM job WHERE ${condition}`;
    return this.#explain(() => readRows(this.#database, statement, values, this.damaged.toJob))
      .filter((job) => job !== undefined);
  }

  /** Jobs that were asked for, which have to be readable. */
  #select(condition: string, ...values: (string | number)[]): Job[] {
    const statement = `SELECT * FROM job WHERE ${condition}`;
    return this.#explain(() => readRows(this.#database, statement, values, toJob));
  }

  #explain<T>(work: () => T): T {
    return this.#explainDamaged(() => this.#file.read(work));
  }

  #transaction<T>(work: () => T): T {
    this.#submittingAtFirst = undefined;
    return this.#explainDamaged(() => this.#file.transaction(work));
  }

  #explainDamaged<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof DamagedRowError) throw this.damaged.explain(error.row);
      throw error;
    }
  }
}

const SUBMITTING =
  "stage = 'submitting' AND (submission_key IS NULL OR submission_key = job_key) ORDER BY job_key";
