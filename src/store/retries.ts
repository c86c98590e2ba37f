import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import type { JobEnd, SubmissionDetails, WaitingPlan } from "../jobs/job.ts";
import { json, prepareUpdate } from "./columns.ts";
import { prepareEvidenceOfAttempt, prepareEvidenceTakenBack } from "./job_evidence.ts";
import { Attempts } from "./job_shapes.ts";
import { toJob } from "./read_job.ts";
import { StorePart } from "./store_part.ts";

const NumberOrNull = v.nullable(v.number());

/** A failed job that is to be submitted again. */
export interface Retry {
  /** The job's key. */
  readonly jobKey: number;
  /** The job ID that it failed with: a job that has another one by now is left alone. */
  readonly jobId: string;
  /** How it failed. */
  readonly end: JobEnd;
  /** Of an array the tasks that completed, `0-2,5`; empty for all else. */
  readonly completedTasks: string;
  /** What is known of the submission that failed; the store may not have it. */
  readonly details: SubmissionDetails | null;
  /** How it is to be submitted. */
  readonly plan: WaitingPlan;
  /** The command from now on, placeholders unexpanded. */
  readonly cmd: string;
  /** The jobs that it is to wait for, by the IDs that they have by now. */
  readonly after: readonly PredecessorEvidence[];
  /** The options of sbatch that it is given now. */
  readonly options: readonly string[];
}

/** Failed jobs on their way to Slurm once more. */
export class Retries extends StorePart {
  /**
   * Turns failed open jobs into waiting ones that keep their claims, in one transaction. Dropping one that
   * was not submitted makes it the failed job again.
   *
   * @returns the keys of those that were still open, with that job ID and without a commit.
   */
  begin(retries: readonly Retry[]): number[] {
    return this.transaction(() => beginRetries(this.database, retries));
  }
}

function beginRetries(database: DatabaseSync, retries: readonly Retry[]): number[] {
  const select = database.prepare(
    `SELECT * FROM job WHERE job_key = ? AND stage = 'open' AND job_id = ? AND commit_oid IS NULL`,
  );
  const update = prepareUpdate(database);
  const moveEvidence = prepareEvidenceOfAttempt(database);
  return retries.flatMap(({ jobKey, jobId, end, details, completedTasks, plan, ...next }) => {
    const fields = select.get(jobKey, jobId);
    if (fields === undefined) return [];
    const job = toJob(fields);
    const attempt = {
      jobId,
      cluster: job.cluster,
      submitter: job.submitter,
      submittedAtMs: job.submittedAtMs,
      acceptedAtMs: job.acceptedAtMs,
      reusedFromS: job.reusedFromS,
      details: job.details ?? details,
      cmd: job.cmd,
      options: job.sbatchOptions,
      arrayTask: v.parse(NumberOrNull, fields["array_task"]),
      submissionKey: v.parse(NumberOrNull, fields["submission_key"]),
      end,
      completedTasks,
      after: job.after ?? [],
    };
    moveEvidence(jobKey, job.attempts.length);
    update(jobKey, {
      stage: "waiting",
      waiting_plan: plan,
      attempts: [...job.attempts, attempt],
      sbatch_options: next.options,
      cmd: next.cmd,
      after_jobs: listOrNull(next.after),
      ...{ job_id: null, cluster: null, accepted_at_ms: null, reused_from_s: null, details: null },
      ...{ job_end: null, submission_key: null, array_task: null, waits_for_site: 0 },
    });
    return [jobKey];
  });
}

/**
 * Prepares to take back retries that certainly led to no job, within the caller's transaction: each becomes the
 * failed job again that it was.
 *
 * @returns `false` for a job that is not in this stage, or that has no failed attempt.
 */
export function prepareTakingBack(
  database: DatabaseSync,
): (key: number, stage: "waiting" | "submitting") => boolean {
  const select = database.prepare(
    `SELECT attempts, after_jobs FROM job WHERE job_key = ? AND stage = ? AND attempts <> '[]'`,
  );
  const update = prepareUpdate(database);
  const takeEvidenceBack = prepareEvidenceTakenBack(database);
  return (key, stage) => {
    const found = select.get(key, stage);
    if (found === undefined) return false;
    const attempts = v.parse(json(Attempts), found["attempts"]);
    const last = attempts.at(-1)!;
    update(key, {
      stage: "open",
      waiting_plan: null,
      attempts: attempts.slice(0, -1),
      sbatch_options: last.options,
      cmd: last.cmd,
      // Older versions did not change it.
      after_jobs: last.after === undefined
        ? v.parse(v.nullable(v.string()), found["after_jobs"])
        : listOrNull(last.after),
      job_id: last.jobId,
      cluster: last.cluster,
      submitter: last.submitter,
      submitted_at_ms: last.submittedAtMs,
      accepted_at_ms: last.acceptedAtMs,
      reused_from_s: last.reusedFromS,
      details: last.details,
      submission_key: last.submissionKey,
      array_task: last.arrayTask,
      waits_for_site: 0,
    });
    takeEvidenceBack(key, attempts.length - 1);
    return true;
  };
}

function listOrNull<T>(list: readonly T[]): readonly T[] | null {
  return list.length === 0 ? null : list;
}
