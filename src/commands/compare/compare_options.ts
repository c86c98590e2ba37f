/** What `compare` was asked for. */
export interface CompareOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Job ID or commit of the first run. */
  readonly one: string;
  /** Of the second one. */
  readonly other: string;
}
