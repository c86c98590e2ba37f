import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { prepareEvidenceOfAttempt, prepareEvidenceTakenBack } from "./job_evidence.ts";
import type { Attempt, JobEnd, SubmissionDetails, WaitingPlan } from "../jobs/job.ts";

const Details = v.object({
  logs: v.array(v.object({ task: v.nullable(v.number()), path: v.string() })),
  environmentFile: v.nullable(v.string()),
  arrayTasks: v.nullable(v.string()),
  areTasksUnknown: v.exactOptional(v.boolean()),
  components: v.exactOptional(v.array(v.nullable(v.string()))),
  mayHaveMoreTasks: v.exactOptional(v.boolean()),
  submitS: v.optional(v.nullable(v.number()), null),
  jobName: v.optional(v.nullable(v.string()), null),
  user: v.optional(v.nullable(v.string()), null),
});
const End = v.object({
  state: v.string(),
  counts: v.record(v.string(), v.number()),
  exitCode: v.string(),
  elapsed: v.string(),
  timeLimit: v.string(),
  endS: v.nullable(v.number()),
});
const AttemptList = v.array(v.object({
  jobId: v.string(),
  cluster: v.nullable(v.string()),
  submitter: v.string(),
  submittedAtMs: v.number(),
  acceptedAtMs: v.nullable(v.number()),
  reusedFromS: v.nullable(v.number()),
  details: v.nullable(Details),
  cmd: v.string(),
  options: v.array(v.string()),
  arrayTask: v.nullable(v.number()),
  submissionKey: v.nullable(v.number()),
  end: End,
  completedTasks: v.string(),
}));
const Attempts = v.pipe(v.string(), v.parseJson(), AttemptList);

/** Whether JSON of the store is what Slurm said about a job after its submission. */
export function isDetails(value: unknown): value is SubmissionDetails {
  return v.is(Details, value);
}

/** Whether JSON of the store is how a job ended. */
export function isEnd(value: unknown): value is JobEnd {
  return v.is(End, value);
}

/** Whether JSON of the store is the attempts of a job. */
export function isAttempts(value: unknown): value is Attempt[] {
  return v.is(AttemptList, value);
}

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
  /** The options of sbatch that it is given now. */
  readonly options: readonly string[];
}

/**
 * Turns failed open jobs into waiting ones that keep their claims; part of a transaction.
 *
 * @returns the keys of those that were still open, with that job ID and without a commit.
 */
export function beginRetries(database: DatabaseSync, retries: readonly Retry[]): number[] {
  const select = database.prepare(
    `SELECT * FROM job WHERE job_key = ? AND stage = 'open' AND job_id = ? AND commit_oid IS NULL`,
  );
  const update = database.prepare(
    `UPDATE job SET stage = 'waiting', waiting_plan = ?, attempts = ?, sbatch_options = ?, cmd = ?,
       job_id = NULL, cluster = NULL, accepted_at_ms = NULL, reused_from_s = NULL, details = NULL,
       job_end = NULL, submission_key = NULL, array_task = NULL, waits_for_site = 0
     WHERE job_key = ?`,
  );
  const moveEvidence = prepareEvidenceOfAttempt(database);
  return retries.flatMap(({ jobKey, jobId, end, details, completedTasks, plan, cmd, options }) => {
    const fields = select.get(jobKey, jobId);
    if (fields === undefined) return [];
    const row = v.parse(Failed, fields);
    const attempt: Attempt = {
      jobId,
      cluster: row.cluster,
      submitter: row.submitter,
      submittedAtMs: row.submitted_at_ms,
      acceptedAtMs: row.accepted_at_ms,
      reusedFromS: row.reused_from_s,
      details: row.details ?? details,
      cmd: row.cmd,
      options: row.sbatch_options,
      arrayTask: row.array_task,
      submissionKey: row.submission_key,
      end,
      completedTasks,
    };
    moveEvidence(jobKey, row.attempts.length);
    update.run(
      JSON.stringify(plan),
      JSON.stringify([...row.attempts, attempt]),
      JSON.stringify(options),
      cmd,
      jobKey,
    );
    return [jobKey];
  });
}

const TextList = v.pipe(v.string(), v.parseJson(), v.array(v.string()));
const Failed = v.object({
  cluster: v.nullable(v.string()),
  submitter: v.string(),
  submitted_at_ms: v.number(),
  accepted_at_ms: v.nullable(v.number()),
  reused_from_s: v.nullable(v.number()),
  details: v.nullable(v.pipe(v.string(), v.parseJson(), Details)),
  cmd: v.string(),
  sbatch_options: TextList,
  array_task: v.nullable(v.number()),
  submission_key: v.nullable(v.number()),
  attempts: Attempts,
});

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
    `SELECT attempts FROM job WHERE job_key = ? AND stage = ? AND attempts <> '[]'`,
  );
  const update = database.prepare(
    `UPDATE job SET stage = 'open', waiting_plan = NULL, attempts = ?, sbatch_options = ?, cmd = ?,
       job_id = ?, cluster = ?, submitter = ?, submitted_at_ms = ?, accepted_at_ms = ?, reused_from_s = ?,
       details = ?, submission_key = ?, array_task = ?, waits_for_site = 0
     WHERE job_key = ?`,
  );
  const takeEvidenceBack = prepareEvidenceTakenBack(database);
  return (key, stage) => {
    const found = select.get(key, stage);
    if (found === undefined) return false;
    const attempts = v.parse(Attempts, found["attempts"]);
    const last = attempts.at(-1)!;
    update.run(
      JSON.stringify(attempts.slice(0, -1)),
      JSON.stringify(last.options),
      last.cmd,
      last.jobId,
      last.cluster,
      last.submitter,
      last.submittedAtMs,
      last.acceptedAtMs,
      last.reusedFromS,
      last.details === null ? null : JSON.stringify(last.details),
      last.submissionKey,
      last.arrayTask,
      key,
    );
    takeEvidenceBack(key, attempts.length - 1);
    return true;
  };
}
