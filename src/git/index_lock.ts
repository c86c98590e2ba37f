import { UserError } from "../errors.ts";
import { lookAtHolder, renderHolder } from "../fs/lease.ts";
import { lstatIfPresent, removeIfPresent } from "../fs/if_present.ts";
import type { SharedMode } from "../fs/shared_mode.ts";
import { makeLockLink, readLockLink, removeLockLink } from "../fs/lock_link.ts";
import type { ProcessIdentity } from "../process/process_identity.ts";
import type { Runner } from "../process/runner.ts";
import { ageOfLock, hintForLock } from "./failed_git.ts";
import type { Repository } from "./repository.ts";

/** How long another process's index lock is waited for: `git commit` in a large work tree takes seconds. */
const LONGEST_WAIT_MS = 30_000;
/** Another process that takes the lock again and again leaves gaps of some milliseconds. */
const POLL_MS = 20;

/** An index that was changed so short a time ago has somebody at work on it. */
const RECENT_MS = 1_000;
/** How long the lock is kept then, at least; for each megabyte of a large index some more. */
const LEAST_HOLD_MS = 250;
const HOLD_MS_PER_MB = 15;
const MB = 1_000_000;

/** Who takes the lock, and how it looks at who has it. */
export interface IndexLockTaker {
  /** This process. */
  readonly process: ProcessIdentity;
  /** Starts what looks at other processes. */
  readonly runner: Runner;
  /** The permissions of an index. */
  readonly mode: SharedMode;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/**
 * Git's own lock of a work tree's index, `index.lock`: while it is held no other git changes the index.
 *
 * That alone does not keep others from working with an index that lags behind HEAD: `git commit` reads
 * HEAD, then the index, and takes the lock only then (builtin/commit.c, prepare_index), to write what it
 * has read. So the index is changed before the branch moves: whoever has read the new HEAD reads the new
 * index, and whoever had read the old HEAD cannot move the branch. And where others seem to be at work, the
 * lock is kept until those who had read the old index have found it locked.
 *
 * It is a link that names its holder (fs/lock_link.ts), so that one that a crash left is known for ours
 * and taken away by the next finish.
 */
export class IndexLock implements AsyncDisposable {
  /** The permissions that what becomes the index gets. */
  readonly mode: SharedMode;
  readonly #path: string;
  readonly #text: string;
  #keptUntilMs = 0;
  readonly #toRemove = new Set<string>();

  private constructor(path: string, text: string, mode: SharedMode) {
    this.mode = mode;
    this.#path = path;
    this.#text = text;
  }

  /** Keeps the lock for a while, also after it is given back. */
  keep(indexBytes: number): void {
    const holdMs = LEAST_HOLD_MS + indexBytes / MB * HOLD_MS_PER_MB;
    this.#keptUntilMs = performance.now() + holdMs;
  }

  /**
   * Takes the lock, waiting for whoever has it.
   *
   * @throws {UserError} `INDEX_LOCKED` if it is held for too long; nothing was changed.
   */
  static async take(repository: Repository, taker: IndexLockTaker): Promise<IndexLock> {
    const path = `${repository.indexFile}.lock`;
    const text = renderHolder(taker.process, "finish");
    const start = performance.now();
    let alive: string | undefined;
    while (!makeLockLink(path, text)) {
      taker.signal.throwIfAborted();
      const found = await readLockLink(path);
      // Whoever has it is looked at once: that takes a process.
      if (found !== alive && await removeDead(path, taker)) continue;
      alive = found;
      if (performance.now() - start > LONGEST_WAIT_MS) throw await locked(path, repository);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const lock = new IndexLock(path, text, taker.mode);
    const index = await lstatIfPresent(repository.indexFile);
    const ageMs = timeOf(await lstatIfPresent(path)) - timeOf(index);
    if (alive !== undefined || ageMs < RECENT_MS) lock.keep(index?.size ?? 0);
    return lock;
  }

  /** Has a file go with the lock. */
  removeLater(path: string): void {
    this.#toRemove.add(path);
  }

  /** Gives the lock back. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const path of this.#toRemove) await removeIfPresent(path);
    const leftMs = this.#keptUntilMs - performance.now();
    if (leftMs > 0) await new Promise((resolve) => setTimeout(resolve, leftMs));
    await removeLockLink(this.#path, this.#text);
  }
}

function timeOf(info: Deno.FileInfo | undefined): number {
  return info?.mtime?.getTime() ?? 0;
}

/**
 * Takes away a lock of ours whose holder has died; git's own ones are files.
 *
 * @returns whether there is none any more.
 */
export async function removeDeadIndexLock(
  { indexFile }: Repository,
  taker: Pick<IndexLockTaker, "process" | "runner">,
): Promise<boolean> {
  return await removeDead(`${indexFile}.lock`, taker);
}

async function removeDead(
  path: string,
  { process, runner }: Pick<IndexLockTaker, "process" | "runner">,
): Promise<boolean> {
  if ((await lstatIfPresent(path))?.isSymlink !== true) return false;
  const text = await readLockLink(path);
  if (text === undefined) return true;
  if (!(await lookAtHolder(text, process, runner)).isDead) return false;
  await removeLockLink(path, text);
  return true;
}

async function locked(path: string, { root }: Repository): Promise<UserError> {
  const age = ageOfLock((await lstatIfPresent(path))?.mtime);
  return new UserError(
    "INDEX_LOCKED",
    `Cannot change the index of "${root}": another process holds "${path}", which is ${age} s old`,
    { hint: hintForLock(path) },
  );
}
