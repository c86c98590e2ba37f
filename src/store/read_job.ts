import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { JOB_STAGES } from "../jobs/job.ts";
import type { Job } from "../jobs/job.ts";
import { json } from "./columns.ts";
import type { Schema } from "./columns.ts";
import { Attempts, Claim, Details, End, Predecessor, RowShape, TimeMs } from "./job_shapes.ts";
import { allRows } from "./read_rows.ts";

const NOTHING: readonly never[] = [];
const Text = v.nullable(v.string());
const SharedText = v.pipe(v.string(), v.transform(shared));
const TextList = listOf(v.string());
const HandoverShape = v.object({
  token: v.string(),
  file: v.string(),
  atMs: v.number(),
  adoptedBy: v.exactOptional(v.string()),
});

/** Of each field of a job the column, and what may be in it. */
const FIELDS = {
  jobKey: ["job_key", v.pipe(v.number(), v.safeInteger())],
  stage: ["stage", v.picklist(JOB_STAGES)],
  jobId: ["job_id", Text],
  cluster: ["cluster", Text],
  cmd: ["cmd", v.string()],
  pwd: ["pwd", SharedText],
  dsid: ["dsid", v.nullable(SharedText)],
  message: ["message", Text],
  chain: ["chain", TextList],
  inputs: ["inputs", TextList],
  extraInputs: ["extra_inputs", TextList],
  outputs: ["outputs", listOf(Claim)],
  altDir: ["alt_dir", Text],
  rescheduledJobId: ["rescheduled_job_id", Text],
  label: ["label", Text],
  after: [
    "after_jobs",
    v.pipe(v.nullable(listOf(Predecessor)), v.transform((all) => all ?? NOTHING)),
  ],
  worktree: ["worktree", v.string()],
  submittedAtMs: ["submitted_at_ms", TimeMs],
  submitter: ["submitter", SharedText],
  details: ["details", v.nullable(json(Details))],
  acceptedAtMs: ["accepted_at_ms", v.nullable(v.number())],
  reusedFromS: ["reused_from_s", v.nullable(v.number())],
  end: ["job_end", v.nullable(json(End))],
  commitOid: ["commit_oid", Text],
  commitBase: ["commit_base", Text],
  row: ["table_row", v.nullable(json(RowShape))],
  attempts: ["attempts", v.pipe(json(Attempts), v.transform(compact))],
  sbatchOptions: ["sbatch_options", TextList],
  taskOutputs: ["task_outputs", v.nullable(json(v.record(v.string(), v.number())))],
} as const;

/** The same of fields that not every job has: those of the others hold NULL. */
const OPTIONAL_FIELDS = {
  endedAtMs: ["ended_at_ms", v.number()],
  handover: ["handover", json(HandoverShape)],
} as const;

const ENTRIES = [...Object.entries(FIELDS), ...Object.entries(OPTIONAL_FIELDS)];
/** A job has room for its fields from the start: grown one by one it takes three times the memory (Deno 2.9.6). */
const EMPTY = JSON.parse(`{${Object.keys(FIELDS).map((field) => `"${field}":null`).join()}}`);

/** What is read by such entries. */
type ReadBy<T extends Readonly<Record<string, readonly [string, v.GenericSchema]>>> = {
  [Field in keyof T]: v.InferOutput<T[Field][1]>;
};

function listOf<T>(schema: Schema<T>) {
  return v.pipe(json(v.array(schema)), v.transform(compact));
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
  const job: Record<string, unknown> = { ...EMPTY };
  for (const [field, [column, schema]] of ENTRIES) {
    const value = fields[column];
    if (value === null && field in OPTIONAL_FIELDS) continue;
    const parsed = v.safeParse(schema, value);
    if (!parsed.success) throw new DamagedRowError(fields, column);
    job[field] = parsed.output;
  }
  return job as ReadBy<typeof FIELDS> & Partial<ReadBy<typeof OPTIONAL_FIELDS>>;
}

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
