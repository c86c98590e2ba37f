import { join } from "node:path";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import type { Git } from "../git/git.ts";

/**
 * Has git-annex work in a linked worktree. Links of annexed files lead through `.git/annex`: git-annex makes a
 * link to git's folder of the `.git` file for that (its "git worktree" tip), which its hook has done by now, or
 * else its next command does. That one also fills in files that are unlocked.
 *
 * @param git in the root of the worktree.
 * @throws {UserError} `ANNEX_FAILED`
 */
export async function linkToAnnex(git: Git): Promise<void> {
  const root = await git.text(["rev-parse", "--show-toplevel"]);
  if ((await lstatIfPresent(join(root, ".git")))?.isFile !== true) return;
  const result = await git.run(["annex", "smudge", "--update"]);
  if (result.code === 0) return;
  throw new UserError(
    "ANNEX_FAILED",
    `Cannot have git-annex work in a worktree: it ended with exit status ${result.code}`,
    { unchanged: "No job was submitted", detail: result.stderr, hint: "git annex version" },
  );
}
