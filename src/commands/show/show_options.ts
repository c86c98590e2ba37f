/** How a lineage can be shown. */
export const LINEAGE_FORMATS = ["tree", "mermaid", "dot", "json"] as const;

/** What `show` was asked for. */
export interface ShowOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** A job ID, revision or path; absent: the newest job. */
  readonly target: string | undefined;
  /** Show where everything came from, in this form; `true` for the tree. */
  readonly lineage: (typeof LINEAGE_FORMATS)[number] | true | undefined;
}
