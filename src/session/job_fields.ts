import { withJsonNames } from "../jobs/evidence.ts";
import type { Job } from "../jobs/job.ts";
import type { ResultRecord } from "./result_record.ts";

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
  /** The name that the user gave it. */
  readonly label?: string;
  /** The jobs that it was made to wait for, with the names that they have in a record. */
  readonly after?: readonly unknown[];
  /** When the submission began, ISO 8601 in UTC; absent for an adopted job of which that is not known. */
  readonly submittedAt?: string;
}

/** The fields of a job that need nobody to be asked. */
export function fieldsOfJob(job: Job): JobFields {
  const { stage, outputs, cmd, pwd, submittedAtMs, row, label, after = [] } = job;
  return {
    stage,
    outputs,
    cmd,
    pwd,
    ...(label ? { label } : {}),
    ...(after.length === 0 ? {} : { after: after.map(withJsonNames) }),
    ...(submittedAtMs === 0 ? {} : { submittedAt: new Date(submittedAtMs).toISOString() }),
    ...(row === null ? {} : { tableLine: row.line }),
  };
}
