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
  const left: string[] = [];
  const folders = new Set<string>();
  const toRestore: string[] = [];
  for (const { kind, path } of own) {
    const file = join(repository.root, path);
    // A name that is no text cannot be reached from here: a new file of such a name stays.
    const isThere = isReachable(path) && await lstatIfPresent(file) !== undefined;
    const isEdited = (edited.has(path) || kind === "delete") && !restored.has(path);
    if (isThere && isEdited) left.push(path);
    else if (kind !== "add") toRestore.push(path);
    else if (isThere) {
      await Deno.remove(file);
      folders.add(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
    }
  }
  await removeEmptyFolders(repository.root, folders);
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
  return left;
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
