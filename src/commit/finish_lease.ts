import { dirname, join, relative } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { Lease } from "../fs/lease.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { JobStore } from "../store/job_store.ts";
import { readTextIfPresent, removeIfPresent } from "../fs/if_present.ts";
import { clearLeftLocks, locksOfMoving, locksOfRefs } from "../git/left_locks.ts";
import { removeCrashReports } from "../git/crash_reports.ts";
import { removeDeadIndexLock } from "../git/index_lock.ts";
import { removeLeftIndices } from "../git/private_index.ts";
import type { Session } from "../session/session.ts";

/** The path of a dataset's lease while a finish holds it. */
export function finishLeaseOf({ commonDir }: Dataset): string {
  return join(commonDir, "dlslurm", "finish.lease");
}

/** Where it stands which locks moving refs may leave; beside the lease. */
function notedLocksOf({ commonDir }: Dataset): string {
  return join(commonDir, "dlslurm", "finish.locks");
}

/**
 * Notes which locks git takes while it moves `refs`, until it has: whoever takes the lease over after a crash knows
 * them then, from whatever work tree, or dataset around it, they were moved.
 */
export async function noteLocksOf(
  dataset: Dataset,
  refs: readonly string[],
): Promise<AsyncDisposable> {
  const path = notedLocksOf(dataset);
  const locks = await locksOfMoving(dataset, refs);
  await removeIfPresent(path); // it may be of another user
  const names = locks.map((lock) => `${relative(dataset.commonDir, lock)}\n`);
  await Deno.writeTextFile(path, names.join(""));
  SharedMode.of(dataset.config).adjust(path);
  return { [Symbol.asyncDispose]: () => removeIfPresent(path) };
}

async function readNotedLocks(dataset: Dataset): Promise<string[]> {
  const names = (await readTextIfPresent(notedLocksOf(dataset)) ?? "").split("\n");
  // A line may have been cut off: then git had not begun.
  return names.filter((name) => name.endsWith(".lock")).map((name) =>
    join(dataset.commonDir, name)
  );
}

/**
 * Takes the right to commit jobs in a dataset, where another finish may be at work: also in a subdataset,
 * for jobs of its own. What one that died with the right had left in git's folder is taken away: its
 * private index, locks of refs, objects that a power cut has emptied, and what git reports of an import
 * that was cut short.
 *
 * @throws {UserError} `LEASE_HELD` if there is one, or may be.
 */
export async function takeFinishLease(dataset: Dataset, session: Session): Promise<Lease> {
  const path = finishLeaseOf(dataset);
  SharedMode.of(dataset.config).makeFolder(dirname(path));
  const taker = { process: await session.process(), purpose: "finish" };
  const lease = await Lease.take(path, taker, session.runner, (work) => {
    // Only a take-over needs the store: a subdataset without jobs of its own gets none.
    using store = JobStore.openIn(dataset);
    return store.exclusively(work);
  });
  await removeDeadIndexLock(dataset, { process: taker.process, runner: session.runner });
  if (lease.deadSinceMs === undefined) return lease;
  const locks = [...await locksOfRefs(dataset, []), ...await readNotedLocks(dataset)];
  for (const lock of await clearLeftLocks(locks, lease.deadSinceMs)) {
    session.warn(`an interrupted finish had left "${lock}": it was removed`);
  }
  await removeLeftIndices(dataset);
  const { removeEmptyObjects } = await import("../git/lost_objects.ts");
  await removeEmptyObjects(dataset); // it may have died with the machine
  await removeCrashReports(dataset, lease.deadSinceMs);
  await removeIfPresent(notedLocksOf(dataset));
  return lease;
}
