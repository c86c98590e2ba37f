import type { WaitingOptions } from "../wait/wait_options.ts";

/** What `verify` was asked for. */
export interface VerifyOptions extends WaitingOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Job IDs or commits; none: the newest run. With `since` at most one, the end of the range. */
  readonly revisions: readonly string[];
  /** All repetitions after this commit; empty: all in history. */
  readonly since: string | undefined;
  /** Regular expressions: what matches is left out of both texts. */
  readonly ignore: readonly string[];
  /** Numbers may differ by so much of the larger one. */
  readonly numeric: number | undefined;
  /** Have the jobs run once more, each in a worktree. */
  readonly run?: boolean | undefined;
  /** With `run`, the commit whose files they get; absent: each those that it had. */
  readonly onto?: string | undefined;
  /** With `run`, wait until they have ended, and tell how they came out. */
  readonly wait?: boolean | undefined;
  /** With `run`, ask nobody. */
  readonly yes?: boolean | undefined;
}
