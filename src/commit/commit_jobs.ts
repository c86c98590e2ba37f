/**
 * From jobs that have ended to commits.
 *
 * *Staging* brings what jobs wrote into git or the annex, in a private copy of the index; what is staged of
 * one dataset or subdataset is a *staged dataset*. A job's *changes* are what differs there from HEAD and is
 * its own. *Building* makes commits that no branch knows yet; *publishing* has index and branch follow them.
 * Between the two the coming *moves* of refs are noted, for a run that has to complete them.
 *
 * @module
 */

import type { Dataset } from "../datalad/dataset.ts";
import { openDatasetTree } from "../datalad/subdatasets.ts";
import { UserError } from "../errors.ts";
import type { IndexLock } from "../git/index_lock.ts";
import { dropStagingRef, isInHistory } from "../git/move_branch.ts";
import { readHead } from "../git/repository.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import type { ReproductionEvidence } from "../jobs/evidence.ts";
import type { JudgeRepetitions } from "../jobs/output_comparison.ts";
import type { JobStore } from "../store/job_store.ts";
import { buildParts, RefusedJobs } from "./build_datasets.ts";
import type { BuiltPart, JobToCommit } from "./build_datasets.ts";
import {
  endedMeanwhile,
  leftBy,
  NOTHING_COMMITTED,
  outcomesOf,
  overtaken,
} from "./commit_outcomes.ts";
import type { CommitOutcome } from "./commit_outcomes.ts";
import type { CommitShape } from "./commit_shape.ts";
import type { Progress, Session } from "../session/session.ts";
import type { PublishedIndex } from "./follow_index.ts";
import { requireFreeBranches } from "./free_branches.ts";
import { NO_LATE_FILES } from "../fs/late_files.ts";
import type { LateFiles } from "../fs/late_files.ts";
import { leaving } from "./leaving.ts";
import { lostContent } from "./output_problems.ts";
import { publishCommits } from "./publish_commits.ts";
import { judgeStaged } from "./reproductions.ts";
import { bottomUp, stageDatasets } from "./stage_datasets.ts";
import type { StagedDataset } from "./stage_datasets.ts";

/** What is to be committed together. */
export interface CommitRequest {
  /** Jobs that have ended. */
  readonly jobs: readonly JobToCommit[];
  /** Further open jobs, whose files inside these claims are left to them. */
  readonly others: readonly WrittenPaths[];
  /** Files of the jobs that are not yet as they are to be committed; with them the messages can be made. */
  readonly late?: LateFiles;
  /** How the commits stand to each other. */
  readonly shape: CommitShape;
  /** Compares jobs that repeat others with those; absent: they are not compared. */
  readonly judge?: JudgeRepetitions;
  /** When this finish began, milliseconds since 1970 by the clock of the file system. */
  readonly beganMs: number;
  /** Receives the locks of the indices; to be released once the jobs are ended in the store. */
  readonly locks: AsyncDisposableStack;
  /** Receives the keys of jobs with a commit that a branch has, where the rest is left to the next run. */
  readonly begun: Set<number>;
}

/** What came of it. */
export interface CommitResult {
  /** By the keys of the jobs. */
  readonly outcomes: ReadonlyMap<number, CommitOutcome>;
  /** The indices that were changed. */
  readonly published: readonly PublishedIndex[];
  /** Whether refs of several datasets were moved together, all of them. */
  readonly isOfSeveral: boolean;
  /** How jobs that repeat others compare with those, by their keys. */
  readonly reproductions: ReadonlyMap<number, ReproductionEvidence>;
}

/** How many attempts to make where others keep moving the branch. */
const MOST_ATTEMPTS = 5;

/**
 * Commits the outputs of `jobs`, one commit each in every dataset that they wrote to: for a dataset, one
 * look at the claimed paths, one import, one move of the refs. The commits of a superdataset refer to
 * those of its subdatasets, job by job.
 *
 * Order, and what a crash leaves: contents reach git or the annex (unreferenced, found again);
 * commits are built (unreferenced) while git-annex notes where the contents are; their oids and the coming
 * moves are noted in the store; under its lock each index is changed and the branch moves, subdatasets first
 * (the next run moves those that are left, or takes the index back if none has moved); the jobs are ended
 * by the caller.
 *
 * @throws {UserError} `NO_IDENTITY`, `INDEX_LOCKED`, `BRANCH_MOVED`, `GIT_FAILED`, `DISK`: all jobs stay
 * open, and unless the error says otherwise nothing is committed.
 */
export async function commitJobs(
  dataset: Dataset,
  store: JobStore,
  request: CommitRequest,
  session: Session,
): Promise<CommitResult> {
  const { jobs, late = NO_LATE_FILES } = request;
  using progress = session.progress(`committing ${jobs.length} job${jobs.length === 1 ? "" : "s"}`);
  await using stack = new AsyncDisposableStack();
  const failures = new Map<number, UserError>();
  const paths = jobs.flatMap((job) => [...job.claims, ...job.slurmOutputs]);
  const tree = await openDatasetTree(session.runner, dataset, paths);
  progress.say("adding outputs");
  const staging = { jobs, others: request.others, late, failures, stack };
  const top = await stageDatasets({ ...tree, beganMs: request.beganMs }, staging, session)
    .catch((error) => {
      throw leaving(error, NOTHING_COMMITTED);
    });
  await late.settle();
  const judged = await judgeStaged(jobs, bottomUp(top), request.judge);
  const work = { store, request: { ...request, jobs: judged.jobs }, session };
  const result = await new StagedCommits(top, failures, work).commit(progress);
  return { ...result, reproductions: judged.reproductions };
}

/** What is staged of all datasets, on its way to their branches. */
class StagedCommits {
  readonly #top: StagedDataset;
  readonly #parts: readonly StagedDataset[];
  readonly #failures: Map<number, UserError>;
  readonly #store: JobStore;
  readonly #request: CommitRequest;
  readonly #session: Session;
  /** The commits to build on. */
  readonly #heads: Map<StagedDataset, string>;
  #built = new Map<StagedDataset, BuiltPart>();
  readonly #moved = new Set<StagedDataset>();
  #isOvertaken = false;
  #hasLookedForLost = false;
  readonly #published: PublishedIndex[] = [];
  /** Locks of indices whose branch another process has moved. */
  readonly #held = new Map<StagedDataset, IndexLock>();

  constructor(
    top: StagedDataset,
    failures: Map<number, UserError>,
    { store, request, session }: {
      readonly store: JobStore;
      readonly request: CommitRequest;
      readonly session: Session;
    },
  ) {
    this.#top = top;
    this.#parts = bottomUp(top);
    this.#failures = failures;
    this.#store = store;
    this.#request = request;
    this.#session = session;
    this.#heads = new Map(this.#parts.map((part) => [part, part.dataset.headOid]));
  }

  /** Builds and publishes; an error says whether something is committed. */
  async commit(progress: Progress): Promise<Omit<CommitResult, "reproductions">> {
    try {
      return await this.#buildAndPublish(progress);
    } catch (error) {
      if (this.#moved.size > 0) {
        const { begun } = this.#request;
        for (const key of this.#built.get(this.#top)?.oidByJob.keys() ?? []) begun.add(key);
      }
      throw leaving(error, leftBy(this.#moved));
    }
  }

  /** Again where another process moves a branch meanwhile. */
  async #buildAndPublish(progress: Progress): Promise<Omit<CommitResult, "reproductions">> {
    const { jobs, shape } = this.#request;
    await using stack = new AsyncDisposableStack();
    stack.defer(async () => {
      for (const lock of this.#held.values()) await lock[Symbol.asyncDispose]();
    });
    if (shape === "branches") await requireFreeBranches(jobs, this.#parts, this.#failures);
    for (let attempt = 1;; attempt++) {
      this.#session.interrupted.throwIfAborted();
      progress.say("");
      await this.#build();
      if (!this.#built.has(this.#top)) return this.#result();
      for (const part of this.#parts) await part.locationLog;
      const ended = noteCommits(this.#store, this.#built, this.#heads, this.#top);
      for (const key of ended) this.#failures.set(key, endedMeanwhile(jobs, key));
      if (ended.length > 0) continue;
      progress.say("moving the branch");
      if (!await this.#publish(attempt)) continue;
      await this.#refuseOvertaken();
      return this.#result();
    }
  }

  async #build(): Promise<void> {
    const { jobs: all, shape } = this.#request;
    const kept = new Map([...this.#built].filter(([part]) => this.#moved.has(part)));
    const jobs = all.filter((job) => !this.#failures.has(job.key));
    const request = { parts: this.#parts, jobs, shape, heads: this.#heads, kept };
    try {
      this.#built = await buildParts(request, this.#session);
    } catch (error) {
      const isMended = this.#leaveRefused(error) || await this.#writeLost(error);
      if (!isMended) throw error;
      await this.#build();
    }
  }

  /**
   * Fails the jobs whose commits a hook has refused; those of which a commit is part of history cannot be left out.
   *
   * @returns whether there were some.
   */
  #leaveRefused(error: unknown): boolean {
    if (!(error instanceof RefusedJobs) || this.#moved.size > 0) return false;
    for (const [key, failure] of error.failures) this.#failures.set(key, failure);
    return true;
  }

  /**
   * Looks, once, whether git lacks contents that it took for written, writes them, and fails the jobs of those
   * that the work tree has no longer.
   *
   * @returns whether there were some.
   */
  async #writeLost(error: unknown): Promise<boolean> {
    if (!(error instanceof UserError) || error.code !== "GIT_FAILED") return false;
    if (this.#hasLookedForLost) return false;
    this.#hasLookedForLost = true;
    const { findLost, looseObject, writeLost } = await import("../git/lost_objects.ts");
    let isFound = false;
    for (const part of this.#parts.filter((each) => !this.#moved.has(each))) {
      const { dataset, changes } = part;
      const all = [...changes].flatMap(([key, own]) => own.map((change) => ({ ...change, key })));
      const lost = await findLost(dataset, all);
      if (lost.length === 0) continue;
      isFound = true;
      await writeLost(dataset, lost);
      for (const { key, path, oid } of await findLost(dataset, lost)) {
        this.#failures.set(key, lostContent(path, await looseObject(dataset, oid)));
      }
    }
    return isFound;
  }

  /** @returns whether all is published; else what is in the way is to be built on. */
  async #publish(attempt: number): Promise<boolean> {
    const { shape, locks } = this.#request;
    const publication = {
      ...{ built: this.#built, heads: this.#heads, shape, locks, held: this.#held },
      isWhole: this.#failures.size === 0,
      published: this.#published,
      session: this.#session,
    };
    const keys = [...this.#built.get(this.#top)!.oidByJob.keys()];
    try {
      const stuck = await publishCommits(publication, this.#moved, keys.length);
      if (stuck === undefined) return true;
      if (this.#moved.size === 0) this.#store.commits.forget(keys);
      this.#heads.set(stuck, await headAfterMove(stuck, attempt));
      return false;
    } catch (error) {
      if (this.#moved.size === 0) await forgetBuilt(this.#store, keys, this.#parts);
      throw error;
    }
  }

  /**
   * Fails the jobs whose commits are on no branch any more: a git reset, or the like, that had read the branch before
   * it moved has set it since. The next finish commits them anew, or has the branch follow once more.
   */
  async #refuseOvertaken(): Promise<void> {
    if (this.#request.shape === "branches") return;
    for (const [{ dataset }, { updates, changed }] of this.#built) {
      const { headOid } = await readHead(dataset);
      for (const { newOid } of updates) {
        if (newOid === headOid || await isInHistory(dataset.git, newOid)) continue;
        for (const { key } of changed) this.#failures.set(key, overtaken(dataset, newOid));
        this.#isOvertaken = true;
      }
    }
  }

  #result(): Omit<CommitResult, "reproductions"> {
    return {
      outcomes: outcomesOf(this.#request.jobs, this.#failures, this.#built, this.#top),
      published: this.#published,
      isOfSeveral: this.#moved.size > 1 && !this.#isOvertaken,
    };
  }
}

/** Forgets commits that no branch has reached; what cannot be forgotten now, the next finish forgets. */
async function forgetBuilt(
  store: JobStore,
  keys: readonly number[],
  parts: readonly StagedDataset[],
): Promise<void> {
  try {
    store.commits.forget(keys);
    for (const { dataset } of parts) await dropStagingRef(dataset.git);
  } catch {
    // The user hears why nothing was committed; the same may be the reason for this failure.
  }
}

/**
 * Notes what is about to happen; one transaction.
 *
 * @returns jobs that are not open any more: nothing was noted then.
 */
function noteCommits(
  store: JobStore,
  built: ReadonlyMap<StagedDataset, BuiltPart>,
  heads: ReadonlyMap<StagedDataset, string>,
  top: StagedDataset,
): number[] {
  const moves = [...built].flatMap(([part, { updates }]) =>
    updates.map((update) => ({
      ...update,
      worktree: top.dataset.worktree,
      path: part.path,
      baseOid: heads.get(part)!,
    }))
  );
  return store.commits.note(built.get(top)!.oidByJob, heads.get(top)!, moves);
}

async function headAfterMove(part: StagedDataset, attempt: number): Promise<string> {
  const { dataset } = part;
  const head = await readHead(dataset);
  if (head.branch === dataset.branch && attempt < MOST_ATTEMPTS) return head.headOid;
  throw new UserError(
    "BRANCH_MOVED",
    `Cannot commit in "${dataset.root}": ${
      head.branch === dataset.branch
        ? `another process keeps moving "${dataset.branch ?? "HEAD"}"`
        : `another branch was checked out meanwhile`
    }`,
    {
      hint: "dlslurm finish",
    },
  );
}
