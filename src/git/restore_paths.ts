import { join } from "node:path";
import { removeIfPresent } from "../fs/if_present.ts";
import { removeEmptyFolders } from "../fs/remove_empty_folders.ts";
import type { Change } from "./changes.ts";
import { isReachable, joinNul } from "./path_bytes.ts";
import type { Repository } from "./repository.ts";
import { GITLINK_MODE } from "./submodules.ts";

/**
 * Brings the work tree back to what is checked out for `changes`, as `git switch` does when it leaves
 * the branch that has them: new files go, changed and deleted ones come back. To be called only once
 * the commits that hold them are part of a branch. Submodules stay as they are.
 */
export async function restorePaths(
  repository: Repository,
  changes: readonly Change[],
): Promise<void> {
  const folders = new Set<string>();
  for (const change of changes) {
    // A name that is no text cannot be reached from here: it stays, as an untracked file.
    if (change.kind !== "add" || !isReachable(change.path) || change.mode === GITLINK_MODE) {
      continue;
    }
    await removeIfPresent(join(repository.root, change.path));
    folders.add(change.path.slice(0, Math.max(0, change.path.lastIndexOf("/"))));
  }
  await removeEmptyFolders(repository.root, folders);
  const tracked = changes.filter(({ kind, mode }) => kind !== "add" && mode !== GITLINK_MODE)
    .map((change) => change.path);
  if (tracked.length === 0) return;
  // The index too: a file that was unlocked for the job is still noted as such in it.
  const args = ["checkout", "--quiet", "--pathspec-from-file=-", "--pathspec-file-nul", "HEAD"];
  await repository.git.require(args, { stdin: joinNul(tracked) });
}
