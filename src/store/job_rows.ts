import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { JOB_STAGES } from "../jobs/job.ts";
import type { Job, JobRequest, SubmissionDetails } from "../jobs/job.ts";

const TextList = v.pipe(v.string(), v.parseJson(), v.array(v.string()));
const JobRow = v.object({
  job_key: v.number(),
  stage: v.picklist(JOB_STAGES),
  job_id: v.nullable(v.string()),
  cluster: v.nullable(v.string()),
  cmd: v.string(),
  pwd: v.string(),
  dsid: v.nullable(v.string()),
  message: v.nullable(v.string()),
  chain: TextList,
  inputs: TextList,
  extra_inputs: TextList,
  outputs: TextList,
  alt_dir: v.nullable(v.string()),
  rescheduled_job_id: v.nullable(v.string()),
  worktree: v.string(),
  submitted_at_ms: v.number(),
  submitter: v.string(),
  details: v.nullable(v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      logs: v.array(v.object({ task: v.nullable(v.number()), path: v.string() })),
      environmentFile: v.nullable(v.string()),
      arrayTasks: v.nullable(v.string()),
    }),
  )),
  commit_oid: v.nullable(v.string()),
  commit_base: v.nullable(v.string()),
  table_row: v.nullable(v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      table: v.string(),
      line: v.number(),
      values: v.record(v.string(), v.string()),
      cmd: v.string(),
    }),
  )),
});

/** A row of the table `job` that is to be made. */
export interface NewJobRow {
  /** What is known of the job. */
  readonly request: JobRequest;
  /** `submitting` for a job of its own, `waiting` for a row of a table, `open` for an adopted one. */
  readonly stage: "submitting" | "waiting" | "open";
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Identity of the process that submits it, as JSON. */
  readonly submitter: string;
  /** What tells the row of a table from others, for those that are submitted together. */
  readonly identity?: string;
  /** How a waiting row is to be submitted, as JSON. */
  readonly plan?: string;
  /** Slurm's job ID, of a job that was submitted by another program. */
  readonly jobId?: string;
  /** What is known of that job's logs; nothing: finish asks scontrol. */
  readonly details?: SubmissionDetails | null;
  /** What tells that job from the others of its program. */
  readonly adoptedFrom?: string;
}

const COLUMNS = [
  ...["stage", "cmd", "pwd", "dsid", "message", "chain", "inputs", "extra_inputs", "outputs"],
  ...["alt_dir", "rescheduled_job_id", "worktree", "submitted_at_ms", "submitter", "table_row"],
  ...["row_identity", "waiting_plan", "job_id", "details", "adopted_from"],
];

/**
 * Prepares the insertion of rows of the table `job`, which gives each one's key; to be used within the
 * caller's transaction. Prepared once for many rows: what a prepared statement takes of memory is given back only
 * when the runtime gets round to it.
 */
export function prepareInsertion(database: DatabaseSync): (row: NewJobRow) => number {
  const insert = database.prepare(
    `INSERT INTO job (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`,
  );
  return (row) => {
    const { request } = row;
    const { lastInsertRowid } = insert.run(
      row.stage,
      request.cmd,
      request.pwd,
      request.dsid,
      request.message,
      JSON.stringify(request.chain),
      JSON.stringify(request.inputs),
      JSON.stringify(request.extraInputs),
      JSON.stringify(request.outputs),
      request.altDir,
      request.rescheduledJobId,
      request.worktree,
      row.nowMs,
      row.submitter,
      request.row ? JSON.stringify(request.row) : null,
      row.identity ?? null,
      row.plan ?? null,
      row.jobId ?? null,
      row.details ? JSON.stringify(row.details) : null,
      row.adoptedFrom ?? null,
    );
    return Number(lastInsertRowid);
  };
}

/**
 * Forgets the jobs with these keys that are in this stage, with their claims; part of a transaction.
 * To be called only where certainly no job of Slurm came of them.
 */
export function dropJobs(
  database: DatabaseSync,
  keys: readonly number[],
  stage: "waiting" | "submitting",
): void {
  const isSo = "job_key = ? AND EXISTS (SELECT 1 FROM job AS own " +
    "WHERE own.job_key = ? AND own.stage = ?)";
  const release = database.prepare(`DELETE FROM claim WHERE ${isSo}`);
  const remove = database.prepare("DELETE FROM job WHERE job_key = ? AND stage = ?");
  for (const key of keys) {
    release.run(key, key, stage);
    remove.run(key, stage);
  }
}

/** Reads the job with this key, which is in the store. */
export function readJob(database: DatabaseSync, key: number): Job {
  return toJob(database.prepare("SELECT * FROM job WHERE job_key = ?").get(key)!);
}

/** Reads a row of the table `job`. */
export function toJob(fields: Record<string, unknown>): Job {
  const row = v.parse(JobRow, fields);
  return {
    key: row.job_key,
    stage: row.stage,
    jobId: row.job_id,
    cluster: row.cluster,
    cmd: row.cmd,
    pwd: row.pwd,
    dsid: row.dsid,
    message: row.message,
    chain: row.chain,
    inputs: row.inputs,
    extraInputs: row.extra_inputs,
    outputs: row.outputs,
    altDir: row.alt_dir,
    rescheduledJobId: row.rescheduled_job_id,
    worktree: row.worktree,
    submittedAtMs: row.submitted_at_ms,
    submitter: row.submitter,
    details: row.details,
    commitOid: row.commit_oid,
    commitBase: row.commit_base,
    row: row.table_row,
  };
}
