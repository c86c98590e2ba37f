import type { AccountingEvidence } from "../../jobs/evidence.ts";
import type { RunDescription } from "../../provenance/describe_run.ts";

/** A job with all that is shown of it. */
export interface ShownJob {
  /** What history and store tell. */
  readonly description: RunDescription;
  /** Slurm's job ID; absent for a submission without an answer. */
  readonly jobId?: string;
  /** In Slurm's capitals, or as the subject of the commit has it. */
  readonly state: string;
  /** Where it stands in our books; a job that only the history knows is finished. */
  readonly stage: string;
  /** From the record, or as far as Slurm and the store tell. */
  readonly accounting: AccountingEvidence;
  /** `[days-]hh:mm:ss`, where nothing better is known. */
  readonly elapsed?: string;
  /** `[days-]hh:mm:ss` or Slurm's word. */
  readonly timeLimit?: string;
  /** When the submission began, ISO 8601 in UTC. */
  readonly submittedAt?: string;
  /** Outputs as they were claimed, relative to the dataset's root. */
  readonly claims: readonly string[];
  /** Logs and environment file, relative to the dataset's root where they lie in it. */
  readonly logs: readonly string[];
  /** What the end means; of a job that failed. */
  readonly explanation?: string;
  /** The end of the log of an open job that failed. */
  readonly logEnd?: { readonly path: string; readonly text: string };
}
