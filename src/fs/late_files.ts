/**
 * Files that are brought up to date while others are staged already: what they are to say has to be waited for.
 */
export interface LateFiles {
  /** Relative to the root of the dataset that is looked at. */
  readonly paths: Iterable<string>;
  /** Ends once they are as they will be committed; may be called again. */
  settle(): Promise<void>;
}

/** Where there are none. */
export const NO_LATE_FILES: LateFiles = { paths: [], settle: () => Promise.resolve() };
