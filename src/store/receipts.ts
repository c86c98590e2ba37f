import type { DatabaseSync } from "node:sqlite";
import { UserError } from "../errors.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { Job, SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { prepareUpdate } from "./columns.ts";
import { readJob } from "./read_job.ts";
import { StorePart } from "./store_part.ts";

/** What a submission command answered. */
export interface Receipt {
  /** The job's key; of an array of rows that of the first. */
  readonly key: number;
  /** As printed: of an array that of the array. */
  readonly jobId: string;
  /** Slurm cluster, where the command named one. */
  readonly cluster: string | null;
  /**
   * When Slurm took the job, by its own clock in seconds since 1970, if that proves that it has given the
   * ID of an open job anew: that one is then the older of both, and stays open.
   */
  readonly takenS?: number;
  /** What scontrol told of a plain job, to be noted with it; absent: nothing yet. */
  readonly details?: SubmissionDetails;
}

/** The receipts of jobs, which make them open ones. */
export class Receipts extends StorePart {
  /**
   * Stores receipts in one transaction, all or none: the jobs are open from here on, or all rows of an array
   * are, each as the job `ID_TASK`. Of a receipt that is stored already only the details are taken.
   *
   * @param nowMs milliseconds since 1970.
   * @throws {UserError} `SUBMISSION_UNCLEAR` for the first that cannot be stored: another open job has this job
   * ID already, and nothing proves that Slurm gave it anew, or the submission is not in the store any more.
   */
  store(receipts: readonly Receipt[], nowMs = Date.now()): void {
    this.transaction(() => storeReceipts(this.database, receipts, nowMs));
  }

  /**
   * Stores the receipt of a plain job and reads the job, in one transaction.
   *
   * @throws {UserError} As {@linkcode Receipts.store}.
   */
  accept(receipt: Receipt, nowMs: number): SubmittedJob {
    return this.transaction(() => {
      storeReceipts(this.database, [receipt], nowMs);
      const job = readJob(this.database, receipt.key);
      if (isSubmitted(job)) return job;
      throw new Error(`job row ${receipt.key} has no job ID behind its receipt`);
    });
  }

  /** The open job that has an ID, or whose tasks have it; one whose ID Slurm has given anew does not count. */
  findOpen(jobId: string, cluster: string | null): Job | undefined {
    return this.read(() => {
      const key = prepareFindingOpen(this.database)(jobId, cluster);
      return key === undefined ? undefined : readJob(this.database, key);
    });
  }
}

function storeReceipts(
  database: DatabaseSync,
  receipts: readonly Receipt[],
  nowMs: number,
): void {
  const find = prepareFindingOpen(database);
  const note = database.prepare(
    `UPDATE job SET reused_from_s = ?
     WHERE (job_key = ? OR submission_key = ?) AND stage = 'open'`,
  );
  const update = database.prepare(
    `UPDATE job SET stage = 'open', job_id = ? || ifnull('_' || array_task, ''), cluster = ?,
       accepted_at_ms = ?, waiting_plan = NULL
     WHERE (job_key = ? OR submission_key = ?) AND stage = 'submitting'`,
  );
  const change = prepareUpdate(database);
  for (const { key, jobId, cluster, takenS, details } of receipts) {
    const other = find(jobId, cluster);
    if (other === key) {
      // Another process has taken the receipt from its traces, without what scontrol told.
      if (details !== undefined) change(key, { details });
      continue;
    }
    if (other !== undefined) {
      if (takenS === undefined) throw openAlready(jobId);
      note.run(takenS, other, other);
    }
    const { changes } = update.run(jobId, cluster, nowMs, key, key);
    if (details !== undefined) change(key, { details });
    if (Number(changes) > 0) continue;
    throw new UserError(
      "SUBMISSION_UNCLEAR",
      `Cannot note job ${jobId}: Slurm took it, but its entry in the store is gone`,
      { hint: `scancel ${jobId}, then schedule it again` },
    );
  }
}

/**
 * Prepares the look for the open job that has an ID, or whose tasks have it: gives its key, of an array of
 * rows that of the first. Those whose ID Slurm has given anew do not count.
 */
export function prepareFindingOpen(
  database: DatabaseSync,
): (jobId: string, cluster: string | null) => number | undefined {
  const select = "SELECT ifnull(submission_key, job_key) AS key FROM job " +
    "WHERE stage = 'open' AND reused_from_s IS NULL AND ifnull(cluster, '') = ? AND job_id";
  // Of an array only its rows are in the store, some of which may have ended: "`" is the character after "_".
  const find = database.prepare(
    `${select} = ? UNION ALL ${select} > ? || '_' AND job_id < ? || '\`' LIMIT 1`,
  );
  return (jobId, cluster) => {
    const place = cluster ?? "";
    const found = find.get(place, jobId, place, jobId, jobId);
    return found === undefined ? undefined : Number(found["key"]);
  };
}

function openAlready(jobId: string): UserError {
  return new UserError(
    "SUBMISSION_UNCLEAR",
    `Cannot note job ${jobId}: it is an open job already`,
    { hint: "dlslurm list" },
  );
}
