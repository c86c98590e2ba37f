import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { Lease } from "../fs/lease.ts";
import { JobStore } from "../store/job_store.ts";
import type { CommandContext } from "./context.ts";

/**
 * Takes the right to commit jobs in a subdataset, where another finish may be at work for jobs of its
 * own.
 *
 * @throws {UserError} `LEASE_HELD` if there is one.
 */
export async function takeFinishLease(dataset: Dataset, context: CommandContext): Promise<Lease> {
  const folder = join(dataset.commonDir, "dlslurm");
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, "finish.lease");
  return await Lease.take(path, "finish", context.runner, (work) => {
    // Only a take-over needs the store: a subdataset without jobs of its own gets none.
    using store = JobStore.open(dataset.commonDir, dataset.config.get("dlslurm.store.vfs"));
    return store.exclusively(work);
  });
}
