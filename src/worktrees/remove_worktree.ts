import { join } from "node:path";
import type { Git } from "../git/git.ts";
import { clearLeftLocks } from "../git/left_locks.ts";
import type { Repository } from "../git/repository.ts";
import { lstatIfPresent, removeTreeIfPresent } from "../fs/if_present.ts";
import { textOf } from "../process/runner.ts";
import { forgetInner, readInner } from "./inner_worktrees.ts";
import type { InnerWorktree } from "./inner_worktrees.ts";
import { branchOf } from "./onto_worktree.ts";
import type { OntoWorktree } from "./onto_worktree.ts";

/**
 * Removes an onto worktree, or a half of one, with whatever is in it, and its branch if that has no commit of
 * its own; to be called with the lease. A crash leaves less of it, and the lease: it can be repeated.
 *
 * @throws {UserError} `GIT_FAILED`, or what the file system says.
 */
export async function removeOntoWorktree(
  { git, commonDir }: Pick<Repository, "git" | "commonDir">,
  { name, folder }: Pick<OntoWorktree, "name" | "folder">,
): Promise<void> {
  // git refuses where git-annex has made a link of the .git file, but forgets one whose folder is gone. Twice
  // --force: it locks a worktree that it is about to make.
  await removeTreeIfPresent(folder);
  for (const inner of await readInner(folder)) {
    if (await lstatIfPresent(inner.commonDir) === undefined) continue;
    await forget(git, name, inner);
  }
  await forgetInner(folder);
  await forget(git, name, { folder, commonDir });
}

/** Has git forget a worktree whose folder is gone. */
async function forget(
  anywhere: Git,
  name: string,
  { folder, commonDir }: InnerWorktree,
): Promise<void> {
  // Only whoever has the lease makes or moves its branch: a git that was killed left that.
  await clearLeftLocks([join(commonDir, `${branchOf(name)}.lock`)], 0);
  // Not in a worktree that is gone.
  const git = anywhere.at(commonDir, {
    gitDir: commonDir,
    commonDir,
    indexFile: join(commonDir, "index"),
  });
  await git.run(["worktree", "remove", "--force", "--force", folder]);
  const branch = branchOf(name);
  const tip = await git.run(["rev-parse", "--verify", "--quiet", branch]);
  if (tip.code !== 0) return;
  const others = ["--not", `--exclude=${branch}`, "--all"];
  const own = await git.text(["rev-list", "--max-count=1", branch, ...others, "--"]);
  if (own !== "") return;
  const remove = ["update-ref", "-d", branch, textOf(tip.stdout).trim()];
  await git.require(remove, { locks: [branch] });
}
