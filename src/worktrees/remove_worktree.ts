import type { Git } from "../git/git.ts";
import { lstatIfPresent, removeTreeIfPresent } from "../fs/if_present.ts";
import { textOf } from "../process/runner.ts";
import { forgetInner, readInner } from "./inner_worktrees.ts";
import { branchOf } from "./onto_worktree.ts";
import type { OntoWorktree } from "./onto_worktree.ts";

/**
 * Removes an onto worktree, or a half of one, with whatever is in it, and its branch if that has no commit of
 * its own; to be called with the lease. A crash leaves less of it, and the lease: it can be repeated.
 *
 * @param git anywhere in the repository but there.
 * @throws {UserError} `GIT_FAILED`, or what the file system says.
 */
export async function removeOntoWorktree(
  git: Git,
  { name, folder }: Pick<OntoWorktree, "name" | "folder">,
): Promise<void> {
  // git refuses where git-annex has made a link of the .git file, but forgets one whose folder is gone. Twice
  // --force: it locks a worktree that it is about to make.
  await removeTreeIfPresent(folder);
  for (const inner of await readInner(folder)) {
    if (await lstatIfPresent(inner.commonDir) === undefined) continue;
    await forget(git.at(inner.commonDir), name, inner.folder);
  }
  await forgetInner(folder);
  await forget(git, name, folder);
}

/** Has git forget a worktree whose folder is gone. */
async function forget(git: Git, name: string, folder: string): Promise<void> {
  await git.run(["worktree", "remove", "--force", "--force", folder]);
  const branch = branchOf(name);
  const tip = await git.run(["rev-parse", "--verify", "--quiet", branch]);
  if (tip.code !== 0) return;
  const others = ["--not", `--exclude=${branch}`, "--all"];
  const own = await git.text(["rev-list", "--max-count=1", branch, ...others, "--"]);
  if (own === "") await git.require(["update-ref", "-d", branch, textOf(tip.stdout).trim()]);
}
