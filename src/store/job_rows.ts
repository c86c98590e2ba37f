import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { isTextByName } from "../jobs/text_by_name.ts";
import { JOB_STAGES } from "../jobs/job.ts";
import type { Attempt, Job, JobEnd, JobRequest, SubmissionDetails } from "../jobs/job.ts";
import { prepareEvidenceRemoval } from "./job_evidence.ts";
import { allRows } from "./read_rows.ts";
import { renderSubmittedCommand } from "./unanswered.ts";
import type { SubmittedCommand } from "./unanswered.ts";
import { isAttempts, isDetails, isEnd, prepareTakingBack } from "./retries.ts";

const TextList = v.pipe(v.string(), v.parseJson(), v.array(v.string()));
/** Claims lie in the work tree: git would refuse others for all jobs together. */
const Claim = v.pipe(v.string(), v.regex(/^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\0]+$/s));
/** What a date can be made of. */
const LATEST_MS = 8.64e15;
const JobRow = v.object({
  job_key: v.pipe(v.number(), v.safeInteger()),
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
  outputs: v.pipe(v.string(), v.parseJson(), v.array(Claim)),
  alt_dir: v.nullable(v.string()),
  rescheduled_job_id: v.nullable(v.string()),
  label: v.nullable(v.string()),
  after_jobs: v.nullable(v.pipe(
    v.string(),
    v.parseJson(),
    v.array(v.object({
      jobId: v.string(),
      label: v.exactOptional(v.string()),
      type: v.exactOptional(v.string()),
      cluster: v.exactOptional(v.string()),
    })),
  )),
  worktree: v.string(),
  submitted_at_ms: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LATEST_MS)),
  submitter: v.string(),
  details: v.nullable(v.pipe(v.string(), v.parseJson(), v.custom<SubmissionDetails>(isDetails))),
  accepted_at_ms: v.nullable(v.number()),
  reused_from_s: v.nullable(v.number()),
  job_end: v.nullable(v.pipe(v.string(), v.parseJson(), v.custom<JobEnd>(isEnd))),
  commit_oid: v.nullable(v.string()),
  commit_base: v.nullable(v.string()),
  ended_at_ms: v.nullable(v.number()),
  table_row: v.nullable(v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      table: v.string(),
      line: v.number(),
      values: v.custom<Readonly<Record<string, string>>>(isTextByName),
      cmd: v.string(),
    }),
  )),
  attempts: v.pipe(v.string(), v.parseJson(), v.custom<readonly Attempt[]>(isAttempts)),
  sbatch_options: TextList,
  task_outputs: v.nullable(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.number()))),
  handover: v.nullable(v.pipe(
    v.string(),
    v.parseJson(),
    v.object({
      token: v.string(),
      file: v.string(),
      atMs: v.number(),
      adoptedBy: v.exactOptional(v.string()),
    }),
  )),
});

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

const COLUMNS = [
  ...["stage", "cmd", "pwd", "dsid", "message", "chain", "inputs", "extra_inputs", "outputs"],
  ...["alt_dir", "rescheduled_job_id", "worktree", "submitted_at_ms", "submitter", "table_row"],
  ...["row_identity", "waiting_plan", "job_id", "cluster", "accepted_at_ms", "details"],
  ...["adopted_from", "worktree_mark", "label", "after_jobs", "task_outputs", "submitted_as"],
];

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
      row.cluster ?? null,
      row.acceptedAtMs ?? null,
      row.details ? JSON.stringify(row.details) : null,
      row.adoptedFrom ?? null,
      row.mark,
      request.label ?? null,
      request.after?.length ? JSON.stringify(request.after) : null,
      request.taskOutputs ? JSON.stringify(request.taskOutputs) : null,
      row.submittedAs === undefined ? null : renderSubmittedCommand(row.submittedAs),
    );
    return Number(lastInsertRowid);
  };
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

/** Thrown for a row that no version of this program writes: somebody else has, or the disk. */
export class DamagedRowError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "DamagedRowError";
  /** As far as it can be told. */
  readonly row: DamagedRow;

  /** Takes the fields as SQLite gave them, and the column that is not as it should be. */
  constructor(fields: Record<string, unknown>, column: string, table = "job") {
    const jobId = fields["job_id"];
    const row = {
      key: Number(fields["job_key"]),
      jobId: typeof jobId === "string" ? jobId : null,
      worktree: String(fields["worktree"]),
      table,
      column,
    };
    super(`Cannot read ${nameOf(row)}: its "${column}" is not as it should be`);
    this.row = row;
  }
}

/** A row of the table `job` that cannot be read. */
export interface DamagedRow {
  /** The job's key. */
  readonly key: number;
  /** Slurm's job ID, if there is one. */
  readonly jobId: string | null;
  /** The work tree that it was scheduled in. */
  readonly worktree: string;
  /** Where the column is. */
  readonly table: string;
  /** The first column that is not as it should be. */
  readonly column: string;
}

/** How a row that cannot be read is called: by its job ID, and by what it can be found with. */
export function nameOf({ key, jobId }: Pick<DamagedRow, "key" | "jobId">): string {
  return jobId === null ? `entry ${key} of the store` : `job ${jobId}, entry ${key} of the store`;
}

/**
 * Reads the job with this key, which is in the store.
 *
 * @throws {DamagedRowError} If its row is damaged.
 */
export function readJob(database: DatabaseSync, key: number): Job {
  return toJob(allRows(database.prepare("SELECT * FROM job WHERE job_key = ?"), key)[0]!);
}

/**
 * Reads a row of the table `job`.
 *
 * @throws {DamagedRowError}
 */
export function toJob(fields: Record<string, unknown>): Job {
  const parsed = v.safeParse(JobRow, fields);
  if (!parsed.success) throw new DamagedRowError(fields, columnOf(parsed.issues[0]));
  const row = parsed.output;
  return {
    jobKey: row.job_key,
    stage: row.stage,
    jobId: row.job_id,
    cluster: row.cluster,
    cmd: row.cmd,
    pwd: shared(row.pwd),
    dsid: row.dsid === null ? null : shared(row.dsid),
    message: row.message,
    chain: compact(row.chain),
    inputs: compact(row.inputs),
    extraInputs: compact(row.extra_inputs),
    outputs: compact(row.outputs),
    altDir: row.alt_dir,
    rescheduledJobId: row.rescheduled_job_id,
    label: row.label,
    after: compact(row.after_jobs ?? []),
    worktree: row.worktree,
    submittedAtMs: row.submitted_at_ms,
    submitter: shared(row.submitter),
    acceptedAtMs: row.accepted_at_ms,
    details: row.details,
    reusedFromS: row.reused_from_s,
    end: row.job_end,
    commitOid: row.commit_oid,
    commitBase: row.commit_base,
    ...(row.ended_at_ms === null ? {} : { endedAtMs: row.ended_at_ms }),
    row: row.table_row,
    attempts: compact(row.attempts),
    sbatchOptions: row.sbatch_options,
    taskOutputs: row.task_outputs,
    ...(row.handover === null ? {} : { handover: row.handover }),
  };
}

const NOTHING: readonly never[] = [];

/**
 * The same without the room that a list has to grow by: of ten thousand jobs it is more than what is in the
 * lists.
 */
function compact<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NOTHING : list.slice();
}

const SHARED = new Map<string, string>();
/** More are not remembered. */
const MOST_SHARED = 100;

/** The same text once for all jobs that have it: most were submitted by one process. */
function shared(text: string): string {
  const known = SHARED.get(text);
  if (known !== undefined) return known;
  if (SHARED.size >= MOST_SHARED) SHARED.clear();
  SHARED.set(text, text);
  return text;
}

/** The error for a row that another table has for a job, of which one column is not as it should be. */
export function damagedRowOf(
  { key, table }: { readonly key: number; readonly table: string },
  issue: ColumnIssue,
  database: DatabaseSync,
): DamagedRowError {
  const select = database.prepare("SELECT job_key, job_id, worktree FROM job WHERE job_key = ?");
  return new DamagedRowError(select.get(key) ?? { job_key: key }, columnOf(issue), table);
}

/** Something in a row that is not as it should be. */
export interface ColumnIssue {
  /** Where it is, the column first; absent: nowhere in particular. */
  readonly path?: readonly { readonly key: unknown }[] | undefined;
}

/** The column that an issue is about; within it, it is for a person to look. */
function columnOf(issue: ColumnIssue): string {
  return String(issue.path?.[0]?.key ?? "row");
}
