import type { DatabaseSync } from "node:sqlite";
import type { JobRequest, SubmissionDetails } from "../jobs/job.ts";
import { prepareInsert } from "./columns.ts";
import { prepareEvidenceRemoval } from "./job_evidence.ts";
import { prepareTakingBack } from "./retries.ts";
import { renderSubmittedCommand } from "./unanswered.ts";
import type { SubmittedCommand } from "./unanswered.ts";

/** A row of the table `job` that is to be made. */
export interface NewJobRow {
  /** What is known of the job. */
  readonly request: JobRequest;
  /** `submitting` for a job of its own, `waiting` for a row of a table, `open` for an adopted one. */
  readonly stage: "submitting" | "waiting" | "open";
  /** Of the worktree that it is scheduled in, as {@linkcode Worktrees} has it. */
  readonly mark: string | null;
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
  /** Slurm cluster of that job, where it is known. */
  readonly cluster?: string | null;
  /** The latest moment at which that job was submitted, milliseconds since 1970; absent if unknown. */
  readonly acceptedAtMs?: number | null;
  /** What is known of that job's logs; nothing: finish asks scontrol. */
  readonly details?: SubmissionDetails | null;
  /** What tells that job from the others of its program. */
  readonly adoptedFrom?: string;
  /** What is about to be run. */
  readonly submittedAs?: SubmittedCommand;
}

/**
 * A condition on rows: that they are of the worktree that has its name now, not of an older one. Its one
 * parameter is the mark of that worktree.
 */
export const IS_OF_MARK = "(worktree_mark IS NULL OR worktree_mark = ?)";

/**
 * Prepares the insertion of rows of the table `job`, which gives each one's key; to be used within the
 * caller's transaction. Prepared once for many rows: what a prepared statement takes of memory is given back only
 * when the runtime gets round to it.
 */
export function prepareInsertion(database: DatabaseSync): (row: NewJobRow) => number {
  const insert = prepareInsert(database);
  return ({ request, ...row }) =>
    insert({
      stage: row.stage,
      cmd: request.cmd,
      pwd: request.pwd,
      dsid: request.dsid,
      message: request.message,
      chain: request.chain,
      inputs: request.inputs,
      extra_inputs: request.extraInputs,
      outputs: request.outputs,
      alt_dir: request.altDir,
      rescheduled_job_id: request.rescheduledJobId,
      worktree: request.worktree,
      submitted_at_ms: row.nowMs,
      submitter: row.submitter,
      table_row: request.row,
      row_identity: row.identity,
      waiting_plan: row.plan,
      job_id: row.jobId,
      cluster: row.cluster,
      accepted_at_ms: row.acceptedAtMs,
      details: row.details,
      adopted_from: row.adoptedFrom,
      worktree_mark: row.mark,
      label: request.label,
      after_jobs: request.after?.length ? request.after : null,
      task_outputs: request.taskOutputs,
      submitted_as: row.submittedAs && renderSubmittedCommand(row.submittedAs),
    });
}

/**
 * Forgets the jobs with these keys that are in this stage, with their claims; part of a transaction. One that
 * was to be submitted again is the failed job once more that it was.
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
  const forgetFiles = database.prepare(`DELETE FROM job_files WHERE ${isSo}`);
  const isInStage = database.prepare("SELECT 1 FROM job WHERE job_key = ? AND stage = ?");
  const forgetEvidence = prepareEvidenceRemoval(database);
  const remove = database.prepare("DELETE FROM job WHERE job_key = ? AND stage = ?");
  const takeBack = prepareTakingBack(database);
  for (const key of keys) {
    if (takeBack(key, stage)) continue;
    release.run(key, key, stage);
    forgetFiles.run(key, key, stage);
    if (isInStage.get(key, stage) !== undefined) forgetEvidence(key);
    remove.run(key, stage);
  }
}
