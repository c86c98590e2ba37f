import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../errors.ts";

/** What a submission command answered. */
export interface Receipt {
  /** The job's key; of an array of rows that of the first. */
  readonly key: number;
  /** As printed: of an array that of the array. */
  readonly jobId: string;
  /** Slurm cluster, where the command named one. */
  readonly cluster: string | null;
}

/**
 * Stores receipts: their jobs are open from here on; part of a transaction. A receipt that is stored
 * already is left alone.
 *
 * @throws {UserError} `SUBMISSION_UNCLEAR` for the first that cannot be stored, as
 * {@linkcode JobStore.storeReceipt} has it.
 */
export function storeReceipts(database: DatabaseSync, receipts: readonly Receipt[]): void {
  // Of an array only its rows are in the store: another array with this ID has a row with this ID, too.
  const find = database.prepare(
    `SELECT ifnull(submission_key, job_key) AS key FROM job
     WHERE stage = 'open' AND job_id IN (?, ? || '_0') AND ifnull(cluster, '') = ?`,
  );
  const update = database.prepare(
    `UPDATE job SET stage = 'open', job_id = ? || ifnull('_' || array_task, ''), cluster = ?,
       waiting_plan = NULL
     WHERE (job_key = ? OR submission_key = ?) AND stage = 'submitting'`,
  );
  for (const { key, jobId, cluster } of receipts) {
    const other = find.get(jobId, jobId, cluster ?? "");
    if (other !== undefined && Number(other["key"]) === key) continue;
    if (other !== undefined) {
      throw new UserError(
        "SUBMISSION_UNCLEAR",
        `Cannot note job ${jobId}: it is an open job already`,
        { hint: "dlslurm finish --list-open-jobs" },
      );
    }
    if (Number(update.run(jobId, cluster, key, key).changes) > 0) continue;
    throw new UserError(
      "SUBMISSION_UNCLEAR",
      `Cannot note job ${jobId}: Slurm took it, but its entry in the store is gone`,
      { hint: `scancel ${jobId}, then schedule it again` },
    );
  }
}
