/** How long and how often is waited for jobs. */
export interface WaitingOptions {
  /** At least so many milliseconds between two questions to Slurm; absent: 15 s. */
  readonly poll?: number | undefined;
  /** Milliseconds after which waiting ends, whatever the jobs do; absent: never. */
  readonly timeout?: number | undefined;
}

/** What `wait` was asked for. */
export interface WaitOptions extends WaitingOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Shell command that is run at the end; absent: the configured one. */
  readonly notify?: string | undefined;
  /** As typed; empty: all open jobs of this work tree, also those that are scheduled meanwhile. */
  readonly jobIds: readonly string[];
}
