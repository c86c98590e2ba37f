import { STAGING_REF } from "./build_commits.ts";
import type { Git } from "./git.ts";
import { gitFailed } from "./git.ts";

/**
 * Moves `branch` from `oldOid` to `newOid` if it still is at `oldOid`; the staging ref goes in the same
 * transaction.
 *
 * @returns whether the branch moved; `false` if another process moved it first.
 * @throws {UserError} `GIT_FAILED` for any other reason.
 */
export async function moveBranch(
  git: Git,
  branch: string,
  newOid: string,
  oldOid: string,
  reason: string,
): Promise<boolean> {
  const commands = [
    "start",
    `update ${branch} ${newOid} ${oldOid}`,
    `delete ${STAGING_REF}`,
    "prepare",
    "commit",
    "",
  ];
  const args = ["update-ref", "-m", reason, "--stdin"];
  const result = await git.run(args, { stdin: commands.join("\n") });
  if (result.code === 0) return true;
  // "cannot lock ref 'refs/heads/main': is at X but expected Y", or another process is moving it now.
  if (/cannot lock ref/.test(result.stderr)) return false;
  throw gitFailed(args, result);
}

/** Drops the staging ref, also one that a crashed finish left; none is fine. */
export async function dropStagingRef(git: Git): Promise<void> {
  await git.require(["update-ref", "-d", STAGING_REF]);
}
