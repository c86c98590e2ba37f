import { join } from "node:path";
import { lstatIfPresent, namesIn, removeTreeIfPresent } from "../fs/if_present.ts";

/** A lock of git lives for milliseconds; one that stays as it is for this long has lost its holder. */
const QUIET_MS = 1_500;
const POLL_MS = 100;
/** Some file systems tell whole seconds. */
const COARSEST_TIME_MS = 2_000;

/** Refs of ours: nobody else locks them. */
const OWN_REFS = join("refs", "dlslurm");

/** Where the locks of a repository are, as `Repository` has it. */
export interface LockPlace {
  /** The work tree's own git directory, absolute. */
  readonly gitDir: string;
  /** The git directory that all work trees share, absolute. */
  readonly commonDir: string;
  /** The index in use, absolute. */
  readonly indexFile: string;
}

/** The locks that a git takes when it moves these refs, and those of git-annex's own branch. */
export async function locksOfRefs(place: LockPlace, refs: readonly string[]): Promise<string[]> {
  return [...await locksOfMoving(place, refs), ...locksOfAnnex(place.commonDir)];
}

/** The locks that a git takes when it moves these refs. */
export async function locksOfMoving(
  { gitDir, commonDir }: Pick<LockPlace, "gitDir" | "commonDir">,
  refs: readonly string[],
): Promise<string[]> {
  return [
    ...refs.filter((ref) => ref !== "HEAD").map((ref) => join(commonDir, `${ref}.lock`)),
    ...await locksOfOwnRefs(commonDir),
    // Moving a branch is noted in HEAD's log, and deleting a ref locks the packed ones.
    join(gitDir, "HEAD.lock"),
    join(commonDir, "packed-refs.lock"),
    join(commonDir, "reftable", "tables.list.lock"),
  ];
}

/** The locks that git takes for git-annex when it changes files of the work tree, and copies of the index. */
export async function locksOfUnlocking(
  { indexFile, gitDir, commonDir }: LockPlace,
): Promise<string[]> {
  const copies = (await namesIn(gitDir)).filter((name) => /^annexindex\.[0-9]+$/.test(name));
  return [
    `${indexFile}.lock`,
    ...locksOfAnnex(commonDir),
    ...copies.map((name) => join(gitDir, name)),
  ];
}

/** Where git-annex has its git write the location log, and note up to where it has looked at the branch. */
export function locksOfAnnex(commonDir: string): string[] {
  return [
    join(commonDir, "refs", "heads", "git-annex.lock"),
    join(commonDir, "refs", "annex", "last-index.lock"),
    join(commonDir, "packed-refs.lock"),
    join(commonDir, "annex", "index.lock"),
  ];
}

/** Whether only programs that we start, and git-annex, take a lock: no git that waits for a person does. */
export function isOfAnnexOrOurs(lock: string): boolean {
  return /\/(annex|refs\/annex|refs\/dlslurm)\/[^/]+$|\/refs\/heads\/git-annex\.lock$/.test(lock);
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
  return await clearQuiet(suspects);
}

/** Which of `locks` are there, and how they look; but for links, which are ours and name their holder. */
export async function lookAtLocks(locks: readonly string[]): Promise<Map<string, string>> {
  const looks = new Map<string, string>();
  await Promise.all(locks.map(async (path) => {
    const info = await lstatIfPresent(path);
    if (info?.isSymlink === false) looks.set(path, lookOf(info));
  }));
  return looks;
}

/**
 * Takes away locks that look the same for a moment.
 *
 * @param suspects what {@linkcode lookAtLocks} found; those that are let be leave it.
 * @returns those that were taken away.
 */
export async function clearQuiet(suspects: Map<string, string>): Promise<string[]> {
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
