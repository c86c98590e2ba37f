/** One line of what Slurm says: a job, an array task, a range of pending tasks, a het component. */
export interface AccountingEntry {
  /** As printed: `151`, `151_2`, `151_[0-3%2]`, `151+1`. */
  readonly jobId: string;
  /** The task's own number, which no other job has; equal to `jobId` for a plain job; empty if unknown. */
  readonly jobIdRaw: string;
  /** As printed: `COMPLETED`, `CANCELLED by 1000`. */
  readonly state: string;
  /** When it was submitted or last requeued: seconds since 1970; `null` when the entry does not say. */
  readonly submitS: number | null;
  /** Seconds since 1970, or `null` when it has not ended; squeue is not asked for it. */
  readonly endS?: number | null;
  /** `code:signal`, or empty. */
  readonly exitCode: string;
  /** `[days-]hh:mm:ss`, or empty. */
  readonly elapsed: string;
  /** `[days-]hh:mm:ss` or Slurm's word; squeue is not asked for it. */
  readonly timeLimit?: string;
  /** A host list, `n[01-03]`; empty or words such as `None assigned` before it has nodes. */
  readonly nodeList: string;
}

/** What is known of the submission, to tell its entries from those of another job with its ID. */
export interface Submission {
  /** Of an array: the array's own. */
  readonly jobId: string;
  /** Milliseconds since 1970, by this machine's clock, when the submission began; 0 if it is not known. */
  readonly submittedAtMs: number;
  /** By the same clock, the latest moment at which Slurm accepted it; `null` or absent if unknown. */
  readonly acceptedAtMs?: number | null;
  /** When it was submitted by Slurm's clock, seconds since 1970; `null` or absent if unknown. */
  readonly submitS?: number | null;
  /**
   * What was submitted from then on, by Slurm's clock in seconds since 1970, is a later job of ours that
   * got the ID; `null` or absent if none is known.
   */
  readonly reusedFromS?: number | null;
  /**
   * The array task IDs that must be accounted for; `null` if it certainly is no array. `unknown`: nobody told
   * which they are, or whether it is an array or a heterogeneous job at all.
   */
  readonly arrayTasks: readonly number[] | "unknown" | null;
  /** Of a heterogeneous job, as `SubmissionDetails` has them: all must be accounted for. */
  readonly components?: readonly (string | null)[];
}
