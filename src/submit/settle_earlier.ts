import type { OpenDataset } from "../claims/open_dataset.ts";
import type { Job } from "../jobs/job.ts";
import { clearAfterPreparations } from "./preparations.ts";

/**
 * Clears up after submissions whose process has died: what they were preparing, and what they noted. A job ID
 * that the submission command had printed makes the job open.
 *
 * @returns the submissions that are unclear; Slurm was not asked.
 */
export async function recoverEarlier(open: OpenDataset): Promise<Job[]> {
  const { dataset, store, session } = open;
  await clearAfterPreparations(dataset, session);
  let unclear: Job[] = [];
  // Most runs find none: what sees to them is loaded only then.
  if (store.listSubmitting().length > 0) {
    const { recoverSubmissions } = await import("./recover_submissions.ts");
    unclear = await recoverSubmissions(open);
  }
  for (const row of store.damaged.takeNew()) session.warn(store.damaged.explain(row).message);
  return unclear;
}

/**
 * Does what {@linkcode recoverEarlier} does, and asks Slurm for the jobs of submissions that are then unclear;
 * where none is, Slurm is not asked.
 *
 * @returns the submissions that remain unclear.
 */
export async function recoverAndSettle(open: OpenDataset): Promise<Job[]> {
  const unclear = await recoverEarlier(open);
  if (unclear.length === 0) return unclear;
  // Loaded only then: it is rare.
  const { settleAndTell } = await import("./settle_submissions.ts");
  return await settleAndTell(open, unclear);
}
