import { join } from "node:path";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { lstatIfPresent, namesIn } from "../fs/if_present.ts";
import { lookAtHolder, renderHolder } from "../fs/lease.ts";
import { makeLockLink, readLockLink, removeLockLink } from "../fs/lock_link.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { clearLeftLocks, locksOfUnlocking } from "../git/left_locks.ts";
import type { Session } from "../session/session.ts";

/**
 * Notes that git-annex changes files of the work tree for us, until it has: should all be killed meanwhile,
 * the next run knows whose locks are left.
 *
 * @param folder the repository that they are in, relative to the root; `.` for the dataset itself.
 */
export async function notePreparation(
  dataset: Dataset,
  folder: string,
  session: Session,
): Promise<AsyncDisposable> {
  const place = placeOf(dataset);
  SharedMode.of(dataset.config).makeFolder(place);
  const path = join(place, crypto.randomUUID());
  const holder = JSON.parse(renderHolder(await session.process(), "schedule"));
  const text = JSON.stringify({ ...holder, folder });
  makeLockLink(path, text);
  return { [Symbol.asyncDispose]: () => removeLockLink(path, text) };
}

/** Removes the locks that git left when it was killed while preparing a job's files. */
export async function clearAfterPreparations(
  dataset: Dataset,
  session: Session,
): Promise<void> {
  const place = placeOf(dataset);
  for (const name of await namesIn(place)) {
    const path = join(place, name);
    const made = (await lstatIfPresent(path))?.mtime;
    const text = await readLockLink(path);
    if (text === undefined || !made) continue; // just ended
    const holder = await lookAtHolder(text, await session.process(), session.runner);
    if (!holder.isDead) continue;
    const repository = await repositoryOf(dataset, String(JSON.parse(text).folder), session);
    const locks = repository === undefined ? [] : await locksOfUnlocking(repository);
    for (const lock of await clearLeftLocks(locks, made.getTime())) {
      session.warn(`an interrupted schedule had left "${lock}": it was removed`);
    }
    await removeLockLink(path, text);
  }
}

async function repositoryOf(
  dataset: Dataset,
  folder: string,
  session: Session,
): Promise<Dataset | undefined> {
  if (folder === ".") return dataset;
  try {
    return await openDataset(session.runner, join(dataset.root, folder), undefined);
  } catch (error) {
    if (error instanceof UserError) return undefined; // not there any more
    throw error;
  }
}

function placeOf({ gitDir }: Dataset): string {
  return join(gitDir, "dlslurm", "preparing");
}
