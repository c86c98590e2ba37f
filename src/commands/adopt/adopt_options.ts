/** What `adopt` was asked for. */
export interface AdoptOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** `false`: adopt jobs, too, whose outputs an open job holds. */
  readonly checkOutputs: boolean;
  /** A file of `handover`, relative to the current directory: its jobs instead of the extension's. */
  readonly file?: string | undefined;
  /** Where what the jobs of the file write arrives, relative to the current directory. */
  readonly altDir?: string | undefined;
}
