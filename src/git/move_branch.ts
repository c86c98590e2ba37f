import { STAGING_REF } from "./build_commits.ts";
import type { Git } from "./git.ts";
import { gitFailed } from "./git.ts";
import { textOf } from "../process/runner.ts";
import { isAncestor } from "./submodules.ts";
import { wasKilled } from "./failed_git.ts";

/** One ref and where it is to point. */
export interface RefUpdate {
  /** Full name: `refs/heads/main`. */
  readonly ref: string;
  /** The commit that it is to point at; it exists already. */
  readonly newOid: string;
  /** Where it must point now; `null`: it must not exist. */
  readonly oldOid: string | null;
}

/**
 * Moves refs, all or none, if each still is where it is expected; the staging ref goes in the same
 * transaction.
 *
 * @returns whether they moved; `false` if another process moved one first.
 * @throws {UserError} `GIT_FAILED` for any other reason, also if a ref that is to be new exists.
 */
export async function moveRefs(
  git: Git,
  updates: readonly RefUpdate[],
  reason: string,
): Promise<boolean> {
  const commands = [
    "start",
    ...updates.map(({ ref, newOid, oldOid }) =>
      oldOid === null ? `create ${ref} ${newOid}` : `update ${ref} ${newOid} ${oldOid}`
    ),
    `delete ${STAGING_REF}`,
    "prepare",
    "commit",
    "",
  ];
  const args = ["update-ref", "-m", reason, "--stdin"];
  const locks = updates.map(({ ref }) => ref);
  const result = await git.run(args, { stdin: commands.join("\n"), locks });
  if (result.code === 0 || (wasKilled(result) && await haveMoved(git, updates))) return true;
  // "cannot lock ref 'refs/heads/main': is at X but expected Y"
  if (/ but expected /.test(result.stderr)) return false;
  throw gitFailed(args, result);
}

/** Whether all are where they are to be: one that was killed may have moved them. */
async function haveMoved(git: Git, updates: readonly RefUpdate[]): Promise<boolean> {
  const { code, stdout } = await git.run(["rev-parse", ...updates.map(({ ref }) => ref)]);
  return code === 0 && textOf(stdout) === updates.map(({ newOid }) => `${newOid}\n`).join("");
}

/** Whether a commit is part of some branch, or of HEAD. */
export async function isInHistory(git: Git, oid: string): Promise<boolean> {
  const args = ["for-each-ref", "--count=1", `--contains=${oid}`, "refs/heads"];
  const holders = await git.run(args);
  const isHeld = holders.code === 0 && holders.stdout.length > 0;
  return isHeld || await isAncestor(git, oid, "HEAD");
}

/** Drops the staging ref, also one that a crashed finish left; none is fine. */
export async function dropStagingRef(git: Git): Promise<void> {
  await git.require(["update-ref", "-d", STAGING_REF], { locks: [] });
}
