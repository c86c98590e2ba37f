import type { Job } from "../jobs/job.ts";
import type { ResultRecord } from "./context.ts";

/** What a result tells of a job as our books have it; docs/result_records.md. */
export interface JobFields extends Pick<ResultRecord, "tableLine"> {
  /** Where the job stands. */
  readonly stage: string;
  /** Claims, relative to the dataset's root. */
  readonly outputs: readonly string[];
  /** The recorded command line. */
  readonly cmd: string;
  /** Where it ran, relative to the dataset's root. */
  readonly pwd: string;
  /** When the submission began, ISO 8601 in UTC; absent for an adopted job of which that is not known. */
  readonly submittedAt?: string;
}

/** The fields of a job that need nobody to be asked. */
export function fieldsOfJob({ stage, outputs, cmd, pwd, submittedAtMs, row }: Job): JobFields {
  return {
    stage,
    outputs,
    cmd,
    pwd,
    ...(submittedAtMs === 0 ? {} : { submittedAt: new Date(submittedAtMs).toISOString() }),
    ...(row === null ? {} : { tableLine: row.line }),
  };
}
