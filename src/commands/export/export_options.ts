/** What `export` was asked for. */
export interface ExportOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Where a crate is written, relative to the current directory. */
  readonly roCrate: string | undefined;
  /** Where PROV-JSON is written, likewise. One of the two has to be said. */
  readonly prov: string | undefined;
  /** Range of commits, revision or job ID; absent: all that HEAD reaches. */
  readonly revisions: string | undefined;
  /** What the crate is called. */
  readonly name: string | undefined;
  /** What it is about. */
  readonly description: string | undefined;
  /** An address of a licence, or words. */
  readonly license: string | undefined;
}
