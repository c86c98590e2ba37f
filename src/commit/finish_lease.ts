import { dirname, join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { Lease } from "../fs/lease.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { JobStore } from "../store/job_store.ts";
import { clearLeftLocks, locksOfRefs } from "../git/left_locks.ts";
import { removeCrashReports } from "../git/crash_reports.ts";
import { removeDeadIndexLock } from "../git/index_lock.ts";
import { removeLeftIndices } from "../git/private_index.ts";
import type { Session } from "../session/session.ts";

/** The path of a dataset's lease while a finish holds it. */
export function finishLeaseOf({ commonDir }: Dataset): string {
  return join(commonDir, "dlslurm", "finish.lease");
}

/**
 * Takes the right to commit jobs in a dataset, where another finish may be at work: also in a subdataset,
 * for jobs of its own. What one that died with the right had left in git's folder is taken away: its
 * private index, locks of refs, and what git reports of an import that was cut short.
 *
 * @param refs that it may have been moving, beside the branch that is checked out.
 * @throws {UserError} `LEASE_HELD` if there is one, or may be.
 */
export async function takeFinishLease(
  dataset: Dataset,
  session: Session,
  refs: readonly string[] = [],
): Promise<Lease> {
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
  const moved = dataset.branch === null ? refs : [...refs, dataset.branch];
  const locks = await locksOfRefs(dataset, moved);
  for (const lock of await clearLeftLocks(locks, lease.deadSinceMs)) {
    session.warn(`an interrupted finish had left "${lock}": it was removed`);
  }
  await removeLeftIndices(dataset);
  await removeCrashReports(dataset, lease.deadSinceMs);
  return lease;
}
