import { dirname, join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { Lease } from "../../fs/lease.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";

/** Where the lease of a dataset is while a finish holds it. */
export function finishLeaseOf({ commonDir }: Dataset): string {
  return join(commonDir, "dlslurm", "finish.lease");
}

/**
 * Takes the right to commit jobs in a dataset, where another finish may be at work: also in a subdataset,
 * for jobs of its own.
 *
 * @throws {UserError} `LEASE_HELD` if there is one.
 */
export async function takeFinishLease(dataset: Dataset, context: CommandContext): Promise<Lease> {
  const path = finishLeaseOf(dataset);
  await Deno.mkdir(dirname(path), { recursive: true });
  return await Lease.take(path, "finish", context.runner, (work) => {
    // Only a take-over needs the store: a subdataset without jobs of its own gets none.
    using store = JobStore.openIn(dataset);
    return store.exclusively(work);
  });
}
