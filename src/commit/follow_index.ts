import type { Dataset } from "../datalad/dataset.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { coverWithPathspecs, findStagedChanges, findTreeChanges } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import { IndexLock } from "../git/index_lock.ts";
import {
  changeIndex,
  readChecksum,
  setEntriesToHead,
  setIndexEntries,
} from "../git/private_index.ts";
import type { Session } from "../session/session.ts";

/** An index that was brought up to what a finish committed. */
export interface PublishedIndex {
  /** Whose index it is. */
  readonly dataset: Dataset;
  /** The head that the commits were built on. */
  readonly baseOid: string;
  /** What they changed. */
  readonly paths: readonly string[];
  /** What {@linkcode readChecksum} returned for it then. */
  readonly checksum: string;
}

/** Takes the lock of a dataset's index; {@linkcode IndexLock.take}. */
export async function lockIndex(dataset: Dataset, session: Session): Promise<IndexLock> {
  return await IndexLock.take(dataset, {
    process: await session.process(),
    runner: session.runner,
    mode: SharedMode.of(dataset.config),
    signal: session.interrupted,
  });
}

/**
 * Has the index follow a commit, `HEAD` or one that it is about to be, at those of `paths` where it still is as
 * in `base`.
 */
export async function followInIndex(
  dataset: Dataset,
  lock: IndexLock,
  { base, target = "HEAD" }: { readonly base: string; readonly target?: string },
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  const pathspecs = coverWithPathspecs(paths);
  const staged = await findStagedChanges(dataset.git, base, pathspecs);
  const touched = new Set(staged.map((change) => change.path));
  const wanted = new Set(paths);
  const changes = await findTreeChanges(dataset.git, base, target, pathspecs);
  await setIndexEntries(
    dataset,
    lock,
    changes.filter(({ path }) => wanted.has(path) && !touched.has(path)),
  );
}

/**
 * Looks once more at indices after their locks were given back. A `git commit` that had read an index
 * before it was changed, and took so long that it found the lock free again, writes what it has read.
 */
export async function checkIndices(
  published: readonly PublishedIndex[],
  session: Session,
): Promise<void> {
  for (const { dataset, baseOid, paths, checksum } of published) {
    if (await readChecksum(dataset.indexFile) === checksum) continue;
    await using lock = await lockIndex(dataset, session);
    await followInIndex(dataset, lock, { base: baseOid }, paths);
  }
}

/**
 * Takes changes that were to be committed out of the index again, where it has just that and HEAD has not: a finish had
 * changed the index, and was stopped before the branch moved.
 */
export async function takeBackIndex(
  dataset: Dataset,
  changes: readonly Change[],
  session: Session,
): Promise<void> {
  if (changes.length === 0) return;
  const planned = new Map(changes.map((change) => [change.path, change]));
  await using lock = await lockIndex(dataset, session);
  const pathspecs = coverWithPathspecs(planned.keys());
  const staged = await findStagedChanges(dataset.git, "HEAD", pathspecs);
  const ours = staged.filter((change) => isSame(change, planned.get(change.path)))
    .map(({ path }) => path);
  if (ours.length === 0) return;
  await changeIndex(dataset, lock, (git) => setEntriesToHead(git, ours));
}

function isSame(staged: Change, planned: Change | undefined): boolean {
  return planned !== undefined && staged.mode === planned.mode && staged.oid === planned.oid;
}
