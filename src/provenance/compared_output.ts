import type { ContentName, Verdict } from "../jobs/output_comparison.ts";
import type { DeepFile } from "./deep_files.ts";

/** An output of two runs. */
export interface ComparedOutput {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** How the second one stands to the first. */
  readonly verdict: Verdict;
  /** As the first run left it; absent if it did not. */
  readonly before?: NamedFile;
  /** As the second run left it. */
  readonly after?: NamedFile;
}

/** A file with what tells its content. */
export interface NamedFile extends DeepFile, ContentName {}
