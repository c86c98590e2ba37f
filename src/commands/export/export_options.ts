/** What `export` was asked for. */
export interface ExportOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Where the crate is written, relative to the current directory; absent: nobody has said what to export. */
  readonly roCrate: string | undefined;
  /** Range of commits, revision or job ID; absent: all that HEAD reaches. */
  readonly revisions: string | undefined;
  /** What the crate is called. */
  readonly name: string | undefined;
  /** What it is about. */
  readonly description: string | undefined;
  /** An address of a licence, or words. */
  readonly license: string | undefined;
}
