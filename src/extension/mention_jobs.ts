import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { JobStore } from "../store/job_store.ts";
import type { Session } from "../session/session.ts";
import { firstOf } from "../session/name_list.ts";
import { hasExtensionDatabase } from "./place.ts";

/** More IDs than this are counted. */
const MOST_NAMES = 5;

/**
 * Says that the Python extension has open jobs here that were not adopted: whoever looks for them is not to
 * be told that there are none. Where there is no database of it, this costs one look.
 */
export async function mentionExtensionJobs(
  dataset: Dataset,
  store: JobStore,
  session: Session,
): Promise<void> {
  if (!await hasExtensionDatabase(dataset)) return;
  // Most datasets have none: only now is it read how to read them.
  const { findPendingEntries, sayWhatItHas } = await import("./jobs.ts");
  try {
    const entries = findPendingEntries(dataset, store);
    if (entries.length === 0) return;
    const jobs = firstOf(entries.map(({ jobId }) => jobId), MOST_NAMES);
    const them = entries.length === 1 ? "it" : "them";
    session.warn(`${sayWhatItHas(entries)} (${jobs}): dlslurm adopt takes ${them} over`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    session.warn(error.message);
  }
}
