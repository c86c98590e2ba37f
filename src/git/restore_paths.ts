import { join } from "node:path";
import { lstatIfPresent } from "../fs/if_present.ts";
import { removeEmptyFolders } from "../fs/remove_empty_folders.ts";
import type { Change } from "./changes.ts";
import type { IndexLock } from "./index_lock.ts";
import { isReachable, joinNul } from "./path_bytes.ts";
import { changeIndex, PrivateIndex, setEntriesToHead } from "./private_index.ts";
import type { Repository } from "./repository.ts";
import { GITLINK_MODE } from "./submodules.ts";

/**
 * Brings the work tree back to what is checked out for `changes`, as `git switch` does when it leaves
 * the branch that has them: new files go, changed and deleted ones come back. What is not byte for byte
 * what was committed stays as it is. To be called only once the commits that hold the changes are part of
 * a branch. Submodules stay as they are.
 *
 * @param committed an index that has what was committed.
 * @returns paths that were left, since somebody has changed them.
 */
export async function restorePaths(
  repository: Repository,
  committed: PrivateIndex,
  lock: IndexLock,
  changes: readonly Change[],
): Promise<string[]> {
  const own = changes.filter(({ mode }) => mode !== GITLINK_MODE);
  const edited = await committed.findChanged(
    own.filter(({ kind }) => kind !== "delete").map(({ path }) => path),
  );
  const tracked = own.filter(({ kind, path }) =>
    kind === "delete" || kind === "modify" && edited.has(path)
  );
  // By an earlier run that was stopped before the index followed.
  const restored = await findRestored(repository, tracked.map(({ path }) => path));
  const left = new Set<string>();
  // New ones go first: one of them, or its folder, may be in the place of what comes back.
  const added = own.filter(({ kind }) => kind === "add").map(({ path }) => path);
  for (const path of await removeUnlessEdited(repository.root, added, edited)) left.add(path);
  const toRestore: string[] = [];
  for (const { kind, path } of own) {
    if (kind === "add") continue;
    const isEdited = (edited.has(path) || kind === "delete") && !restored.has(path);
    const obstacle = isEdited ? await findObstacle(repository.root, path, kind) : undefined;
    if (obstacle === undefined) toRestore.push(path);
    else left.add(obstacle);
  }
  if (toRestore.length > 0) {
    const paths = ["--pathspec-from-file=-", "--pathspec-file-nul"];
    const args = ["checkout", "--quiet", ...paths, "HEAD", "--"];
    // The index too: a file that was unlocked for the job is still noted as such in it.
    await changeIndex(
      repository,
      lock,
      async (git) => void await git.require(args, { stdin: joinNul(toRestore) }),
    );
  }
  return [...left].sort();
}

/**
 * Removes files, and the folders that become empty.
 *
 * @returns those that were left, since they are among `edited`.
 */
async function removeUnlessEdited(
  root: string,
  paths: readonly string[],
  edited: ReadonlySet<string>,
): Promise<string[]> {
  const left: string[] = [];
  const folders = new Set<string>();
  for (const path of paths) {
    const file = join(root, path);
    // A name that is no text cannot be reached from here: a new file of such a name stays.
    if (!isReachable(path) || await lstatIfPresent(file) === undefined) continue;
    if (edited.has(path)) {
      left.push(path);
      continue;
    }
    await Deno.remove(file);
    folders.add(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  }
  await removeEmptyFolders(root, folders);
  return left;
}

/**
 * What somebody has put where a file is to come back, or around that: git would remove it, folders with all
 * that is in them. Folders without a file are removed.
 */
async function findObstacle(
  root: string,
  path: string,
  kind: Change["kind"],
): Promise<string | undefined> {
  // Not to be reached from here; git tells of a changed one, and of no other.
  if (!isReachable(path)) return kind === "modify" ? path : undefined;
  for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
    const folder = path.slice(0, end);
    const info = await lstatIfPresent(join(root, folder));
    if (info === undefined) return undefined;
    if (!info.isDirectory) return folder;
  }
  const info = await lstatIfPresent(join(root, path));
  if (info?.isDirectory === true && await removeFolders(join(root, path))) return undefined;
  return info === undefined ? undefined : path;
}

/** Removes a folder with those in it; `false` if there is a file somewhere. */
async function removeFolders(folder: string): Promise<boolean> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory || !await removeFolders(join(folder, name))) return false;
    }
    await Deno.remove(folder);
    return true;
  } catch {
    return false; // somebody writes there, or we may not
  }
}

/** Those of `paths` at which the work tree is as HEAD has it. */
async function findRestored(
  repository: Repository,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  await using copy = await PrivateIndex.copy(repository, "dlslurm-index-head");
  await setEntriesToHead(copy.git, paths);
  const changed = await copy.findChanged(paths);
  return new Set(paths.filter((path) => !changed.has(path)));
}
