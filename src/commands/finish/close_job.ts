import { putBack } from "../../claims/make_room.ts";
import type { OpenDataset } from "../../claims/open_dataset.ts";
import { forgetHalfCopies } from "../../commit/bring_back.ts";
import type { Decision } from "./decide_jobs.ts";
import { discardLeft } from "./discard_left.ts";

/**
 * Ends a job without a commit. What made room for its outputs is put back; what it left stays, or is taken
 * away on the user's word.
 */
export async function closeJob(
  { dataset, store, session }: OpenDataset,
  decision: Decision,
  { reason, isDiscarded }: {
    readonly reason: string | undefined;
    readonly isDiscarded: boolean;
  },
): Promise<void> {
  const { job } = decision;
  if (isDiscarded) await discardLeft(dataset, store, decision, session);
  await putBack(dataset, store, [job]);
  await forgetHalfCopies(dataset, job);
  store.end([job.jobKey], "closed", session.now().getTime(), reason);
}
