import { join } from "node:path";
import { namesIn, removeIfPresent } from "../fs/if_present.ts";
import { syncToDisk } from "../fs/write_file_atomic.ts";
import { countLines } from "../process/steps.ts";
import type { BeginStep, Step } from "../process/steps.ts";
import { coverWithPathspecs, MOST_INDEX_PATHSPECS, renderIndexInfo } from "./changes.ts";
import type { Change } from "./changes.ts";
import type { Git } from "./git.ts";
import { gitFailed } from "./git.ts";
import { setFlags } from "./index_flags.ts";
import type { UnwatchedFile } from "./index_flags.ts";
import { decodePath, joinNul, splitNul } from "./path_bytes.ts";
import type { IndexLock } from "./index_lock.ts";
import type { Repository } from "./repository.ts";
import { GITLINK_MODE } from "./submodules.ts";

/** Command lines have an end: so many paths at once. */
const PATHS_PER_CALL = 500;
/** The checksum that ends every index file (gitformat-index(5)). */
const CHECKSUM_BYTES = 20;
const STAGING_NAME = "dlslurm-index";
const NEXT_NAME = "dlslurm-index-next";
const FORMER_NAME = "dlslurm-index-former";

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
   * Copies the index, which every git replaces in one step.
   *
   * @param name of the copy in the git directory: one use, one name.
   */
  static async copy(repository: Repository, name = STAGING_NAME): Promise<PrivateIndex> {
    const file = join(repository.gitDir, name);
    await removeLeft(file); // by its folder: it may be of another user
    try {
      const { mtime } = await Deno.stat(repository.indexFile);
      await Deno.copyFile(repository.indexFile, file);
      // Files changed in the moment the index was written are told by the index's own time
      // (gitformat-index, "racy git"): a later one would hide them, an earlier one is safe.
      const seconds = Math.floor((mtime?.getTime() ?? 0) / 1000);
      await Deno.utime(file, seconds, seconds);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      // A repository without an index file: nothing is tracked.
    }
    return new PrivateIndex(repository, file, await readChecksum(file));
  }

  /** Removes the copy; what was published stays. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeLeft(this.#file);
  }

  /**
   * Puts the copy in the place of the user's index.
   *
   * @returns what puts the former one back, as long as the lock is held.
   */
  async takePlace(lock: IndexLock): Promise<() => Promise<void>> {
    const { indexFile, gitDir } = this.#repository;
    const former = join(gitDir, FORMER_NAME);
    await removeIfPresent(former);
    lock.removeLater(former);
    lock.mode.adjust(this.#file);
    await syncToDisk(this.#file);
    const isThere = await keepFormer(indexFile, former);
    await Deno.rename(this.#file, indexFile);
    return async () => {
      if (isThere) await Deno.rename(former, indexFile);
      else await removeIfPresent(indexFile);
    };
  }

  /**
   * Stages `present` with the content of the work tree and takes `deleted` out, all or nothing.
   *
   * @param begin tells how many of `present` are done.
   * @throws {UserError} `GIT_FAILED` with git's words about the first file that cannot be read.
   */
  async stage(
    present: readonly string[],
    deleted: readonly string[],
    begin?: BeginStep,
  ): Promise<void> {
    // Deletions first: a folder or link may have taken the place of a file. --force-remove does not look
    // at the work tree, where such a path leads elsewhere.
    await this.#update(["--force-remove"], deleted);
    using staging = begin?.("staging files", present.length);
    await this.#update(["--add", "--replace"], present, staging);
  }

  /** Sets entries without a look at the work tree. */
  async set(changes: readonly Change[]): Promise<void> {
    await setEntries(this.git, changes);
  }

  /** Those of `paths` that it has. */
  async listTracked(paths: readonly string[]): Promise<string[]> {
    const tracked: string[] = [];
    for (let start = 0; start < paths.length; start += PATHS_PER_CALL) {
      const some = paths.slice(start, start + PATHS_PER_CALL);
      const output = await this.git.require(["ls-files", "-z", "--cached", "--", ...some]);
      for (const item of splitNul(output)) tracked.push(decodePath(item));
    }
    return tracked;
  }

  /** Those of `paths`, none of which it has, whose names git refuses: it passes over them, with exit status 0. */
  async findRefused(paths: readonly string[]): Promise<string[]> {
    const args = ["update-index", "--force-remove", "-z", "--stdin"];
    const { stderr } = await this.git.run(args, { stdin: joinNul(paths) });
    const said = `\n${stderr}\n`;
    return paths.filter((path) => said.includes(`\nIgnoring path ${path}\n`));
  }

  async #update(
    options: readonly string[],
    paths: Iterable<string>,
    step?: Step,
  ): Promise<void> {
    const stdin = joinNul(paths);
    if (stdin.length === 0) return;
    const told = step === undefined ? [] : ["--verbose"];
    const args = ["update-index", ...options, ...told, "-z", "--stdin"];
    const result = await this.git.run(args, {
      stdin,
      ...(step === undefined ? {} : { onStdout: countLines(step) }),
    });
    if (result.code !== 0) throw gitFailed(args, result);
  }

  /**
   * Brings the user's index up to date for `changes`, and for them alone, under its lock. Where nobody
   * touched it since {@linkcode PrivateIndex.copy}, the copy takes its place, with the files' times in it;
   * otherwise the entries are set in a copy of what it is now.
   *
   * @param isExact whether the copy differs from the user's index by `changes` only.
   * @param entriesWithoutStat files whose entries in the copy lack the files' times, as git-annex sets them.
   * @returns what puts the former index back, as long as the lock is held.
   */
  async publish(
    lock: IndexLock,
    changes: readonly Change[],
    isExact: boolean,
    entriesWithoutStat: readonly string[],
  ): Promise<() => Promise<void>> {
    const { indexFile } = this.#repository;
    const isUntouched = await readChecksum(indexFile) === this.#checksum;
    if (!isUntouched) lock.keep((await Deno.stat(indexFile)).size);
    if (!isExact || !isUntouched) return await setIndexEntries(this.#repository, lock, changes);
    await noteTimes(this.git, entriesWithoutStat);
    return await this.takePlace(lock);
  }

  /**
   * Has the entries of `files` tell the times of the files, as far as these hold what was staged.
   *
   * @returns those that do not.
   */
  async findChanged(files: readonly string[]): Promise<Set<string>> {
    await noteTimes(this.git, files);
    const changed = await findUnstaged(this.git, files);
    if (changed.size === 0) return changed;
    // Of an unlocked annexed file git has a pointer, which only the filter can compare with the content.
    await refresh(this.git, [...changed]);
    return await findUnstaged(this.git, [...changed]);
  }

  /** Looks at `files` all the same, and gives those that do not hold what was staged. */
  async findChangedUnwatched(files: readonly UnwatchedFile[]): Promise<Set<string>> {
    await setFlags(this.git, files, false);
    const changed = await this.findChanged(files.map(({ path }) => path));
    await setFlags(this.git, files, true);
    return changed;
  }
}

/** Takes away all that a crash may have left of copies, and of indices for hooks, while nobody has one. */
export async function removeLeftIndices({ gitDir }: Repository): Promise<void> {
  for (const name of await namesIn(gitDir)) {
    if (name.startsWith("dlslurm-")) await removeIfPresent(join(gitDir, name));
  }
}

async function removeLeft(file: string): Promise<void> {
  await removeIfPresent(file);
  await removeIfPresent(`${file}.lock`);
}

/**
 * Sets the user's index entries for `changes`, in one step, under its lock.
 *
 * @returns what puts the former index back, as long as the lock is held.
 */
export async function setIndexEntries(
  repository: Repository,
  lock: IndexLock,
  changes: readonly Change[],
): Promise<() => Promise<void>> {
  if (changes.length === 0) return () => Promise.resolve();
  return await changeIndex(repository, lock, async (git) => {
    await setEntries(git, changes);
    await noteTimes(git, changes.filter(isFile).map((change) => change.path));
  });
}

/**
 * Changes a copy of the user's index and puts it in its place, in one step. Whatever `change` runs takes
 * the lock of the copy, so that a kill leaves no lock of the index but ours.
 *
 * A crash leaves the old index or the new one.
 */
export async function changeIndex(
  repository: Repository,
  lock: IndexLock,
  change: (git: Git) => Promise<void>,
): Promise<() => Promise<void>> {
  await using copy = await PrivateIndex.copy(repository, NEXT_NAME);
  await change(copy.git);
  return await copy.takePlace(lock);
}

/** Gives the index a second name; `false` if there is no index. */
async function keepFormer(indexFile: string, name: string): Promise<boolean> {
  try {
    await Deno.link(indexFile, name);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    await Deno.copyFile(indexFile, name); // no hard links here
    return true;
  }
}

/**
 * Sets the entries of `paths` in the index of `git` to what HEAD has there. The `--` is for a file that is
 * called "HEAD".
 */
export async function setEntriesToHead(git: Git, paths: readonly string[]): Promise<void> {
  if (paths.length === 0) return;
  const args = ["reset", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul", "HEAD", "--"];
  await git.require(args, { stdin: joinNul(paths) });
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

/** Options of git that leave git-annex's filter out, which would decide once more what belongs in the annex. */
export const NO_ANNEX_FILTER: readonly string[] = ["clean=", "process=", "required=false"]
  .flatMap((setting) => ["-c", `filter.annex.${setting}`]);

/**
 * Notes the files' times in entries that were set without them, so that `git status` need not read the
 * contents again. It is no error if some entry stays without.
 */
async function noteTimes(git: Git, present: readonly string[]): Promise<void> {
  if (present.length === 0) return;
  await refresh(git, present, NO_ANNEX_FILTER);
}

async function refresh(
  git: Git,
  paths: readonly string[],
  settings: readonly string[] = [],
): Promise<void> {
  const cover = coverWithPathspecs(paths, MOST_INDEX_PATHSPECS);
  await git.run([...settings, "add", "--refresh", "--", ...cover]);
}

/** Which of `files` are not what the index has, by their content where the times do not tell. */
async function findUnstaged(git: Git, files: readonly string[]): Promise<Set<string>> {
  if (files.length === 0) return new Set();
  const cover = coverWithPathspecs(files, MOST_INDEX_PATHSPECS);
  const output = await git.require([
    "diff-files",
    "--ignore-submodules=all",
    "-z",
    "--name-only",
    "--",
    ...cover,
  ]);
  return new Set([...splitNul(output)].map(decodePath));
}

/** Tells an index from a changed one; `none` where there is none. */
export async function readChecksum(file: string): Promise<string> {
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
