import type { RecordRange } from "../../provenance/recorded_runs.ts";
import type { PreparationOptions } from "../../submit/plan_submission.ts";

/** What `reschedule` was asked for. */
export interface RescheduleOptions extends PreparationOptions, Omit<RecordRange, "revision"> {
  /** Commits or job IDs, as given; one, unless with `array`. */
  readonly revisions: readonly string[];
  /** Make rows and tasks those of arrays again. */
  readonly array?: boolean | undefined;
  /** Of those only rows of this table. */
  readonly table?: string | undefined;
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Takes the place of the recorded paragraphs; absent: they are used again. */
  readonly message: string | undefined;
  /** Ask nobody before commands are run. */
  readonly yes: boolean | undefined;
  /** Only say what would be submitted. */
  readonly report: boolean | undefined;
  /** Only write the commands to this file, `-` for standard output. */
  readonly script: string | undefined;
  /** Run in a worktree at this commit; empty: at the one before the first of the jobs. */
  readonly onto?: string | undefined;
  /** That commit stands for what was there when the jobs were submitted. */
  readonly isAsRecorded?: boolean | undefined;
}
