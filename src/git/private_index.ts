import { join } from "node:path";
import { UserError } from "../errors.ts";
import { removeIfPresent } from "../fs/if_present.ts";
import { syncToDisk } from "../fs/write_file_atomic.ts";
import { coverWithPathspecs, MOST_INDEX_PATHSPECS, renderIndexInfo } from "./changes.ts";
import type { Change } from "./changes.ts";
import type { Git } from "./git.ts";
import { gitFailed } from "./git.ts";
import { joinNul } from "./path_bytes.ts";
import type { Repository } from "./repository.ts";
import { GITLINK_MODE } from "./submodules.ts";

/** How long another process's index lock is waited for. */
const LOCK_WAIT_MS = 10_000;
const LOCK_POLL_MS = 100;
/** The checksum that ends every index file (gitformat-index(5)). */
const CHECKSUM_BYTES = 20;

/**
 * A private copy of the work tree's index, in which outputs are staged while the user's own index
 * stays as it is until the commits exist. A crash leaves the copy behind; it is overwritten by the
 * next one.
 */
export class PrivateIndex implements AsyncDisposable {
  /** Git in the same work tree, with the copy as its index. */
  readonly git: Git;
  readonly #repository: Repository;
  readonly #file: string;
  #checksum: string;

  private constructor(repository: Repository, file: string, checksum: string) {
    this.#repository = repository;
    this.#file = file;
    this.#checksum = checksum;
    this.git = repository.git.withIndex(file);
  }

  /**
   * Copies the index.
   *
   * @throws {UserError} `INDEX_LOCKED` if another process holds the index lock for too long.
   */
  static async copy(repository: Repository): Promise<PrivateIndex> {
    await waitForLock(repository);
    const file = fileIn(repository);
    await removeIfPresent(`${file}.lock`);
    try {
      const { mtime } = await Deno.stat(repository.indexFile);
      await Deno.copyFile(repository.indexFile, file);
      // Files changed in the moment the index was written are told by the index's own time
      // (gitformat-index, "racy git"): a later one would hide them, an earlier one is safe.
      const seconds = Math.floor((mtime?.getTime() ?? 0) / 1000);
      await Deno.utime(file, seconds, seconds);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      await removeIfPresent(file); // a repository without an index file: nothing is tracked
    }
    return new PrivateIndex(repository, file, await readChecksum(file));
  }

  /** Removes what a crash left behind, while nobody else has a copy. */
  static async removeLeft(repository: Repository): Promise<void> {
    await removeIfPresent(fileIn(repository));
    await removeIfPresent(`${fileIn(repository)}.lock`);
  }

  /** Removes the copy; what was published stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeIfPresent(this.#file);
    await removeIfPresent(`${this.#file}.lock`);
  }

  /**
   * Stages `present` with the content of the work tree and takes `deleted` out, all or nothing.
   *
   * @throws {UserError} `GIT_FAILED` with git's words about the first file that cannot be read.
   */
  async stage(present: Iterable<string>, deleted: Iterable<string>): Promise<void> {
    // Deletions first: a folder or link may have taken the place of a file. --force-remove does not look
    // at the work tree, where such a path leads elsewhere.
    await this.#update(["--force-remove"], deleted);
    await this.#update(["--add", "--replace"], present);
  }

  /** Sets entries without a look at the work tree. */
  async set(changes: readonly Change[]): Promise<void> {
    await setEntries(this.git, changes);
  }

  async #update(options: readonly string[], paths: Iterable<string>): Promise<void> {
    const stdin = joinNul(paths);
    if (stdin.length === 0) return;
    const args = ["update-index", ...options, "-z", "--stdin"];
    const result = await this.git.run(args, { stdin });
    if (result.code !== 0) throw gitFailed(args, result);
  }

  /**
   * Brings the user's index up to date for `changes`, and for them alone. Where nobody touched it
   * since {@linkcode PrivateIndex.copy}, the copy takes its place, with the files' times in it;
   * otherwise the entries are set one by one.
   *
   * @param isExact whether the copy differs from the user's index by `changes` only.
   * @param withoutTimes files whose entries in the copy lack the files' times, as git-annex sets them.
   * @throws {UserError} `INDEX_LOCKED` if another process holds the index lock for too long.
   */
  async publish(
    changes: readonly Change[],
    isExact: boolean,
    withoutTimes: readonly string[],
  ): Promise<void> {
    if (isExact) {
      await noteTimes(this.git, withoutTimes);
      if (await this.#replaceUntouched()) return;
    }
    await setIndexEntries(this.#repository, changes);
  }

  async #replaceUntouched(): Promise<boolean> {
    const lock = `${this.#repository.indexFile}.lock`;
    const lockFile = await takeLock(this.#repository);
    try {
      if (await readChecksum(this.#repository.indexFile) !== this.#checksum) {
        lockFile.close();
        await Deno.remove(lock);
        return false;
      }
      const copy = await Deno.open(this.#file, { read: true });
      const { mtime } = await copy.stat();
      await copy.readable.pipeTo(lockFile.writable);
      await syncToDisk(lock);
      // As old as the entries in it: a file changed since is then looked at, not taken for clean.
      const milliseconds = mtime?.getTime() ?? 0;
      await Deno.utime(lock, milliseconds / 1000, milliseconds / 1000);
      await Deno.rename(lock, this.#repository.indexFile);
      return true;
    } catch (error) {
      await removeIfPresent(lock);
      throw error;
    }
  }
}

function fileIn(repository: Repository): string {
  return join(repository.gitDir, "dlslurm-index");
}

/** Sets the user's index entries for `changes`, waiting for its lock. */
export async function setIndexEntries(repository: Repository, changes: readonly Change[]) {
  if (changes.length === 0) return;
  await waitForLock(repository);
  await setEntries(repository.git, changes);
  const present = changes.filter(isFile).map((change) => change.path);
  await noteTimes(repository.git, present);
}

async function setEntries(git: Git, changes: readonly Change[]): Promise<void> {
  if (changes.length === 0) return;
  await git.require(["update-index", "-z", "--replace", "--index-info"], {
    stdin: renderIndexInfo(changes),
  });
}

function isFile(change: Change): boolean {
  return change.kind !== "delete" && change.mode !== GITLINK_MODE;
}

/**
 * Notes the files' times in entries that were set without them, so that `git status` need not read the
 * contents again. The annex's filter is left out: it would decide anew what belongs to the annex. It is
 * no error if some entry stays without.
 */
async function noteTimes(git: Git, present: readonly string[]): Promise<void> {
  if (present.length === 0) return;
  const cover = coverWithPathspecs(present, MOST_INDEX_PATHSPECS);
  const noFilter = ["clean=", "process=", "required=false"].flatMap((
    set,
  ) => ["-c", `filter.annex.${set}`]);
  await git.run([...noFilter, "add", "--refresh", "--", ...cover]);
}

async function waitForLock(repository: Repository): Promise<void> {
  const file = await takeLock(repository);
  file.close();
  await Deno.remove(`${repository.indexFile}.lock`);
}

async function takeLock(repository: Repository): Promise<Deno.FsFile> {
  const lock = `${repository.indexFile}.lock`;
  for (let waitedMs = 0;; waitedMs += LOCK_POLL_MS) {
    try {
      return await Deno.open(lock, { write: true, createNew: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      if (waitedMs >= LOCK_WAIT_MS) {
        throw new UserError(
          "INDEX_LOCKED",
          `Cannot change the index of "${repository.root}": another process holds "${lock}"`,
          {
            hint: "wait for the other git command; if there is none, it crashed: " +
              `rm "${lock}", then run the same command again`,
          },
        );
      }
      await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
    }
  }
}

async function readChecksum(file: string): Promise<string> {
  try {
    using index = await Deno.open(file, { read: true });
    const { size, mtime } = await index.stat();
    const bytes = new Uint8Array(CHECKSUM_BYTES);
    await index.seek(-Math.min(size, CHECKSUM_BYTES), Deno.SeekMode.End);
    await index.read(bytes);
    // index.skipHash leaves the checksum empty: then the time must do.
    const time = bytes.every((byte) => byte === 0) ? mtime?.getTime() : "";
    return `${size}:${bytes.toHex()}:${time}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "none";
    throw error;
  }
}
