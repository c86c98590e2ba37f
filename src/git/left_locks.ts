import { join } from "node:path";
import { lstatIfPresent, namesIn, removeTreeIfPresent } from "../fs/if_present.ts";
import type { Repository } from "./repository.ts";

/** A lock of git lives for milliseconds; one that stays as it is for this long has lost its holder. */
const QUIET_MS = 1_500;
const POLL_MS = 100;
/** Some file systems tell whole seconds. */
const COARSEST_TIME_MS = 2_000;

/** Refs of ours: nobody else locks them. */
const OWN_REFS = join("refs", "dlslurm");

/** The locks that a git takes when it moves these refs, and those of git-annex's own branch. */
export async function locksOfRefs(
  { gitDir, commonDir }: Repository,
  refs: readonly string[],
): Promise<string[]> {
  return [
    ...refs.filter((ref) => ref !== "HEAD").map((ref) => join(commonDir, `${ref}.lock`)),
    ...await locksOfOwnRefs(commonDir),
    // Moving a branch is noted in HEAD's log, and deleting a ref locks the packed ones.
    join(gitDir, "HEAD.lock"),
    join(commonDir, "packed-refs.lock"),
    join(commonDir, "reftable", "tables.list.lock"),
    ...locksOfAnnex(commonDir),
  ];
}

/** The locks that git takes for git-annex when it changes files of the work tree, and copies of the index. */
export async function locksOfUnlocking(
  { indexFile, gitDir, commonDir }: Repository,
): Promise<string[]> {
  const copies = (await namesIn(gitDir)).filter((name) => /^annexindex\.[0-9]+$/.test(name));
  return [
    `${indexFile}.lock`,
    ...locksOfAnnex(commonDir),
    ...copies.map((name) => join(gitDir, name)),
  ];
}

/** Where git-annex has its git write the location log, and note up to where it has looked at the branch. */
function locksOfAnnex(commonDir: string): string[] {
  return [
    join(commonDir, "refs", "heads", "git-annex.lock"),
    join(commonDir, "refs", "annex", "last-index.lock"),
    join(commonDir, "packed-refs.lock"),
    join(commonDir, "annex", "index.lock"),
  ];
}

/**
 * Takes away locks that a git which we had started left when it was killed with us. Only files count that
 * were made since it began, and that nobody touches for a moment; what another git holds just now is let be.
 *
 * @param locks absolute paths of those that it may have taken.
 * @param sinceMs milliseconds since 1970, by the clock of the file system.
 * @returns those that were taken away.
 */
export async function clearLeftLocks(
  locks: readonly string[],
  sinceMs: number,
): Promise<string[]> {
  const suspects = new Map<string, string>();
  for (const path of new Set(locks)) {
    const info = await lstatIfPresent(path);
    const isNew = (info?.mtime?.getTime() ?? 0) >= sinceMs - COARSEST_TIME_MS;
    // Locks that are links are ours, and name their holder.
    if (info?.isSymlink === false && isNew) suspects.set(path, lookOf(info));
  }
  for (let waitedMs = 0; suspects.size > 0 && waitedMs < QUIET_MS; waitedMs += POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    for (const [path, look] of suspects) {
      const info = await lstatIfPresent(path);
      if (info === undefined || lookOf(info) !== look) suspects.delete(path);
    }
  }
  for (const path of suspects.keys()) await removeTreeIfPresent(path);
  return [...suspects.keys()];
}

async function locksOfOwnRefs(commonDir: string): Promise<string[]> {
  const folder = join(commonDir, OWN_REFS);
  return (await namesIn(folder)).filter((name) => name.endsWith(".lock"))
    .map((name) => join(folder, name));
}

function lookOf({ ino, size, mtime }: Deno.FileInfo): string {
  return `${ino} ${size} ${mtime?.getTime()}`;
}
