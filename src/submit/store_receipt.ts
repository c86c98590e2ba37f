import type { OpenDataset } from "../claims/open_dataset.ts";
import { UserError } from "../errors.ts";
import type { Job, SubmittedJob } from "../jobs/job.ts";
import { submitTimeOf } from "../slurm/submission_details.ts";
import type { Receipt } from "../store/receipts.ts";

/**
 * Stores what sbatch printed, and what scontrol told if that is known. Where an open job has the same ID, Slurm
 * is asked whether it has given the ID anew; then both are open, and what Slurm tells of the ID from now on is of
 * the new one.
 *
 * @param nowMs when it was printed, milliseconds since 1970.
 * @throws {UserError} `SUBMISSION_UNCLEAR` as `Receipts.store` has it.
 */
export async function storeReceiptOf(
  open: OpenDataset,
  receipt: Receipt,
  nowMs: number,
): Promise<SubmittedJob> {
  const { store, session } = open;
  try {
    return store.receipts.accept(receipt, nowMs);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "SUBMISSION_UNCLEAR") throw error;
    const takenS = await whenTakenAnew(open, receipt);
    if (takenS === undefined) throw error;
    const job = store.receipts.accept({ ...receipt, takenS }, nowMs);
    session.warn(
      `Slurm reuses job IDs: an older open job also has ID ${receipt.jobId}. What it reports for ` +
        "that ID is about the new job from now on; the older one: dlslurm list",
    );
    return job;
  }
}

/** When Slurm took the job of a receipt, if that is certainly another one than the open job with its ID. */
async function whenTakenAnew(
  { dataset, store, session }: OpenDataset,
  { key, jobId, cluster }: Receipt,
): Promise<number | undefined> {
  const older = store.receipts.findOpen(jobId, cluster);
  const submission = store.listSubmitting().find((job) => job.jobKey === key);
  if (older === undefined || submission === undefined) return undefined;
  // Loaded only then: it is rare.
  const { showJob } = await import("../slurm/show_job.ts");
  const { slurmClientOf } = await import("../slurm/slurm_client.ts");
  const records = await showJob(slurmClientOf(dataset, session), jobId, cluster).catch((error) => {
    if (!(error instanceof UserError)) throw error;
    return [];
  });
  const { submitS, isRequeued } = submitTimeOf(records);
  // A requeue gives the older job a later time, too.
  if (submitS === null || isRequeued) return undefined;
  return isAfter(submitS, older, submission) ? submitS : undefined;
}

/** Clocks of login node and controller may differ by this much. */
const CLOCK_SKEW_S = 600;

function isAfter(submitS: number, older: Job, submission: Job): boolean {
  const known = older.details?.submitS ?? null;
  if (known === null) {
    return submitS > (older.acceptedAtMs ?? older.submittedAtMs) / 1000 + CLOCK_SKEW_S;
  }
  // Both in the same second: only if the second submission was not begun later than that.
  return submitS > known ||
    (submitS === known && Math.floor(submission.submittedAtMs / 1000) <= submitS);
}
