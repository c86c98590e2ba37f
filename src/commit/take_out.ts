import type { Dataset } from "../datalad/dataset.ts";
import type { Change } from "../git/changes.ts";
import type { IndexLock } from "../git/index_lock.ts";
import { PrivateIndex } from "../git/private_index.ts";
import { restorePaths } from "../git/restore_paths.ts";
import { relock } from "./relock.ts";
import type { Session } from "../session/session.ts";
import { firstOf } from "../session/name_list.ts";

/**
 * Takes what is committed on jobs' own branches out of the work tree, and says what was left since
 * somebody has changed it.
 *
 * @param committed what is on the branches, and an index that has it.
 */
export async function takeOut(
  dataset: Dataset,
  { index, changes }: { readonly index: PrivateIndex; readonly changes: readonly Change[] },
  lock: IndexLock,
  session: Session,
): Promise<void> {
  const left = await restorePaths(dataset, index, lock, changes);
  await relock(dataset, lock);
  if (left.length === 0) return;
  session.warn(
    "changed since they were committed on a branch, and left in the worktree: " +
      firstOf(left, MOST_NAMES),
  );
}

/** The same in a later run, which has no index with what was committed. */
export async function takeOutLater(
  dataset: Dataset,
  lock: IndexLock,
  changes: readonly Change[],
  session: Session,
): Promise<void> {
  if (changes.length === 0) return;
  await using index = await PrivateIndex.copy(dataset);
  await index.set(changes);
  await takeOut(dataset, { index, changes }, lock, session);
}

/** More names than this are counted. */
const MOST_NAMES = 5;
