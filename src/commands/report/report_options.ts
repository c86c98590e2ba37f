/** The forms that a report can have. */
export const REPORT_FORMATS = ["html", "markdown", "json"] as const;

/** What `report` was asked for. */
export interface ReportOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** A commit with all before it, or a range `A..B`; absent: the whole history and the job store. */
  readonly revisions: string | undefined;
  /** Where it is written, `-` for standard output; absent: report.html, other forms to standard output. */
  readonly output: string | undefined;
  /** In which form it is written. @default html */
  readonly format: (typeof REPORT_FORMATS)[number];
  /** Where a commit can be looked at, `{commit}` in it. */
  readonly commitUrl: string | undefined;
  /** Write over a file that is no report. */
  readonly force: boolean | undefined;
}
