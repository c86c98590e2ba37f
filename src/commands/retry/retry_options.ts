/** What `retry` was asked for. */
export interface RetryCommandOptions {
  /** As typed; none: all failed jobs. */
  readonly jobIds: readonly string[];
  /** Options of sbatch for this attempt. */
  readonly sbatchOptions: readonly string[];
  /** States, several in one with commas; none: all failed ones. */
  readonly state: readonly string[];
  /** Ask nobody. */
  readonly yes: boolean | undefined;
  /** Only say what would be submitted. */
  readonly dryRun: boolean | undefined;
  /** So many attempts a job may have. */
  readonly attempts: number;
  /** Give more to jobs that ran out of time or memory; `true`, or factors as typed. */
  readonly grow: true | string | undefined;
  /** Move away what the failed attempt left. */
  readonly clean: boolean | undefined;
  /** Submissions at once. */
  readonly jobs: number | undefined;
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
}
