import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { lstatIfPresent, readTextIfPresent } from "../fs/if_present.ts";
import type { Lease } from "../fs/lease.ts";
import { batchOf } from "../git/cat_file.ts";
import type { Git } from "../git/git.ts";
import { decodePath, splitNul } from "../git/path_bytes.ts";
import { isWithin } from "../paths/root_paths.ts";
import { toUserError } from "../process/system_error.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { shellName } from "../shell/shell_name.ts";
import type { JobStore } from "../store/job_store.ts";
import { findOntoWorktrees, hasJobs, isAtWork, takeOntoLease } from "./onto_worktree.ts";
import type { OntoWorktree } from "./onto_worktree.ts";
import { removeOntoWorktree } from "./remove_worktree.ts";

/** More names than this are counted. */
const MOST_NAMES = 3;

/**
 * Removes the onto worktrees in which nothing is left to do: all of their jobs have ended, and whatever is in
 * them is in git. The same for what a crash has left of one. In others it says what is in the way.
 *
 * @param cwd where the user stands: the ground is not taken from under their feet.
 * @returns those that are left.
 */
export async function tidyOntoWorktrees(
  dataset: Dataset,
  store: JobStore,
  cwd: string,
  session: Session,
): Promise<OntoWorktree[]> {
  const left: OntoWorktree[] = [];
  for (const worktree of await findOntoWorktrees(dataset)) {
    try {
      if (!await tidy(dataset, worktree, { store, cwd, session })) left.push(worktree);
    } catch (error) {
      left.push(worktree);
      if (error instanceof UserError && error.code === "LEASE_HELD") {
        if (await isAtWork(dataset, worktree, session)) continue;
        session.warn(`worktree "${worktree.folder}" is left: ${error.message}; ${error.hint}`);
        continue;
      }
      // Another user's, perhaps: no reason to stop.
      session.warn(`worktree "${worktree.folder}" is left: ${toUserError(error).message}`);
    }
  }
  return left;
}

/** Larger files are not read to learn whether git has them. */
const LARGEST_BYTES = 16 * 1024 * 1024;

interface Tidying {
  readonly store: JobStore;
  readonly cwd: string;
  readonly session: Session;
}

/** @returns whether it is gone. */
async function tidy(
  dataset: Dataset,
  worktree: OntoWorktree,
  { store, cwd, session }: Tidying,
): Promise<boolean> {
  if (hasJobs(store, worktree)) return false;
  await using lease = await takeOntoLease(dataset, worktree.name, session);
  // Whoever had it may have put jobs there, or removed it.
  const [now] = (await findOntoWorktrees(dataset)).filter(({ name }) => name === worktree.name);
  if (now === undefined || hasJobs(store, now)) return false;
  const { folder } = now;
  if (now.id === undefined && await lstatIfPresent(folder) !== undefined) {
    // Jobs may be in it: the store knows them by the name that git has for it.
    session.warn(
      `git does not know worktree "${folder}": where the dataset was moved, run git worktree repair ` +
        `${shellName(folder)}; in a copy it can be removed`,
    );
    return false;
  }
  const reason = isWithin(folder, cwd)
    ? "you are in it"
    : await findReasonToKeep(dataset, now, lease);
  if (reason !== undefined) {
    session.warn(
      `worktree "${folder}" has no more jobs, but is left, since ${reason}; ` +
        `to remove it: rm -rf ${shellName(folder)} && git worktree prune`,
    );
    return false;
  }
  await removeOntoWorktree(dataset, now);
  return true;
}

/** Why removing it would lose something; `undefined` if it would not. */
async function findReasonToKeep(
  { git, commonDir }: Dataset,
  { folder, id }: OntoWorktree,
  lease: Lease,
): Promise<string | undefined> {
  if (id === undefined || await lstatIfPresent(folder) === undefined) return undefined;
  const locked = await readTextIfPresent(join(commonDir, "worktrees", id, "locked"));
  if (locked?.trim() === "initializing") return undefined; // git was killed while it made it
  if (locked !== undefined) return "somebody has locked it";
  // Half removed, or else not of our making.
  if (await lstatIfPresent(join(folder, ".git")) === undefined) {
    return lease.deadSinceMs === undefined ? "its .git is not there" : undefined;
  }
  const inside = git.at(folder);
  if ((await inside.run(["symbolic-ref", "--quiet", "HEAD"])).code !== 0) {
    return "its HEAD is on no branch";
  }
  const unsaved = await findUnsaved(inside, folder);
  return unsaved.length === 0 ? undefined : `${firstOf(unsaved, MOST_NAMES)} is in no commit`;
}

/** Files whose content git does not have; those that are deleted are no loss. */
async function findUnsaved(git: Git, folder: string): Promise<string[]> {
  const status = [
    "status",
    "--porcelain",
    "-z",
    "--untracked-files=all",
    "--no-renames",
    "--ignore-submodules=none",
  ];
  const output = await git.require(status, { env: { GIT_OPTIONAL_LOCKS: "0" } });
  const unsaved: string[] = [];
  const files: string[] = [];
  for (const item of splitNul(output)) {
    // git-status(1): XY SP path
    const path = decodePath(item).slice(3);
    const info = await lstatIfPresent(join(folder, path));
    if (info === undefined) continue;
    // A script that was kept with a record and put here is known to git. Names that git reads as quoted are not
    // worth the trouble.
    const isSmall = info.isFile && info.size <= LARGEST_BYTES;
    if (isSmall && !/^"|\n/.test(path)) files.push(path);
    else unsaved.push(path);
  }
  if (files.length === 0) return unsaved;
  const stdin = batchOf(files);
  const oids = (await git.text(["hash-object", "--no-filters", "--stdin-paths"], { stdin }))
    .split("\n");
  const known = await git.text(["cat-file", "--batch-check"], { stdin: batchOf(oids) });
  const missing = known.split("\n").map((line) => line.endsWith(" missing"));
  return [...unsaved, ...files.filter((_, at) => missing[at])];
}
