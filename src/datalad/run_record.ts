import * as v from "valibot";
import { UserError } from "../errors.ts";
import type { TableRow } from "../jobs/job.ts";
import { splitJobId } from "../jobs/task_job_id.ts";
import { renderPythonJson } from "./python_json.ts";

/**
 * The machine-actionable part of a `[DATALAD SLURM RUN]` commit message, as the Python extension
 * writes and reads it. Paths in `outputs` and `slurmOutputs` are relative to the dataset's root,
 * `inputs` to `pwd`, `pwd` to the root.
 */
export interface RunRecord {
  /** Commits of the earlier runs of the same command, oldest first. */
  readonly chain: readonly string[];
  /** The submission command, a shell line, placeholders unexpanded. */
  readonly cmd: string;
  /** Of the dataset that the job was scheduled in; `null` for a plain Git repository. */
  readonly dsid: string | null;
  /** Files that the command needs beside its inputs (datalad-container); only handed on here. */
  readonly extraInputs: readonly string[];
  /** As given, globs and placeholders included, or what they stood for with `--expand`. */
  readonly inputs: readonly string[];
  /** Claims and `slurmOutputs` together. */
  readonly outputs: readonly string[];
  /** Where the command was run. */
  readonly pwd: string;
  /** A number in the JSON; of a row that was a task of an array, `151_3`, that of the array. */
  readonly slurmJobId: string;
  /** Logs and environment file: written by or for Slurm, so that a new run has others. */
  readonly slurmOutputs: readonly string[];
  /** `--alt-dir` of the run; `null` where none was used. */
  readonly altDir: string | null;
  /** Slurm cluster, where one was named. */
  readonly cluster: string | null;
  /** The row of a table that the job was made of; `cmd`, inputs and outputs have its values. */
  readonly row?: TableRow | null;
  /**
   * The subdataset whose commit carries the record, relative to the root of the dataset that the job
   * was scheduled in, to which all paths refer; `null` in that dataset's own commit.
   */
  readonly subdataset: string | null;
}

/** What the subject of every such commit begins with. */
export const RECORD_PREFIX = "[DATALAD SLURM RUN]";
const OPEN_MARK = "=== Do not change lines below ===";
const CLOSE_MARK = "^^^ Do not change lines above ^^^";

/**
 * What a later release has to raise, by writing `form` under `dlslurm`, once a record of it must not be run
 * again by this one. Records without it are of form 1.
 */
const NEWEST_FORM = 1;

const TextList = v.nullish(v.array(v.string()), []);
const Record = v.object({
  chain: TextList,
  cmd: v.union([v.string(), v.pipe(v.array(v.string()), v.transform((words) => words.join(" ")))]),
  dsid: v.nullish(v.string(), null),
  extra_inputs: TextList,
  inputs: TextList,
  outputs: TextList,
  pwd: v.nullish(v.string(), "."),
  slurm_job_id: v.pipe(v.union([v.number(), v.string()]), v.transform(String)),
  slurm_outputs: TextList,
  alt_dir: v.nullish(v.string(), ""),
  dlslurm: v.optional(v.object({
    cluster: v.optional(v.nullable(v.string()), null),
    array_task: v.optional(v.number()),
    row: v.optional(v.object({
      cmd: v.string(),
      line: v.number(),
      table: v.string(),
      values: v.record(v.string(), v.string()),
    })),
    subdataset: v.optional(v.nullable(v.string()), null),
  })),
});

/** What a commit's message says. */
export interface ParsedMessage {
  /** The job state in the subject: `Completed`. */
  readonly state: string;
  /** The paragraphs between subject and record. */
  readonly text: string;
  /** The record, or the ID of the sidecar file that holds it. */
  readonly record: RunRecord | { readonly sidecarId: string };
}

/** What goes into a commit message beside the record. */
export interface MessageParts {
  /** Slurm's word for the job as a whole: `COMPLETED`, `ARRAY FAILED (SOME COMPLETE)`. */
  readonly groupState: string;
  /** The `-m` of finish, the `-m` of schedule, notes; those that are given. */
  readonly paragraphs: readonly string[];
}

/**
 * Renders the commit message of a job.
 *
 * @param sidecarId where the record is kept, if not in the message.
 */
export function renderMessage(record: RunRecord, parts: MessageParts, sidecarId?: string): string {
  const state = parts.groupState.slice(0, 1).toUpperCase() +
    parts.groupState.slice(1).toLowerCase();
  const subject = `${RECORD_PREFIX} Slurm job ${record.slurmJobId}: ${state}`;
  const json = sidecarId === undefined
    ? renderPythonJson(toJson(record))
    : JSON.stringify(sidecarId);
  return `${[subject, ...parts.paragraphs].join("\n\n")}\n\n${OPEN_MARK}\n${json}\n${CLOSE_MARK}\n`;
}

/** Renders a record on one line, as sidecar files have it. */
export function renderRecordLine(record: RunRecord): string {
  return JSON.stringify(toJson(record));
}

function toJson(record: RunRecord) {
  const { submittedId, arrayTaskId } = splitJobId(record.slurmJobId);
  const own = {
    ...(arrayTaskId === null ? {} : { "array_task": arrayTaskId }),
    ...(record.cluster === null ? {} : { cluster: record.cluster }),
    ...(record.row ? { row: record.row } : {}),
    ...(record.subdataset === null ? {} : { subdataset: record.subdataset }),
  };
  return {
    ...(record.altDir === null ? {} : { alt_dir: record.altDir }),
    chain: record.chain,
    cmd: record.cmd,
    commit_id: null,
    ...(Object.keys(own).length === 0 ? {} : { dlslurm: own }),
    dsid: record.dsid,
    extra_inputs: record.extraInputs,
    inputs: record.inputs,
    outputs: record.outputs,
    pwd: record.pwd,
    slurm_job_id: Number(submittedId),
    slurm_outputs: record.slurmOutputs,
  };
}

/**
 * Reads a commit message.
 *
 * @returns `undefined` if it is not that of a Slurm run.
 * @throws {SyntaxError} If it is, and its record cannot be read.
 */
export function parseMessage(message: string): ParsedMessage | undefined {
  if (!message.startsWith(RECORD_PREFIX)) return undefined;
  // The last one: a paragraph may quote a record.
  const open = message.lastIndexOf(`\n${OPEN_MARK}\n`);
  const close = message.indexOf(`\n${CLOSE_MARK}`, open);
  if (open < 0 || close < 0) throw new SyntaxError("the record's marker lines are missing");
  const [subject, ...paragraphs] = message.slice(0, open).split("\n\n");
  return {
    state: /: ([^:]*)$/.exec(subject!.trim())?.[1] ?? "",
    text: paragraphs.join("\n\n").trim(),
    record: parseRecord(message.slice(open + OPEN_MARK.length + 2, close).trim()),
  };
}

/**
 * Reads the JSON of a record, or the quoted ID of its sidecar.
 *
 * @throws {SyntaxError} If it is neither.
 */
export function parseRecord(text: string): RunRecord | { readonly sidecarId: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`it is no valid JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof json === "string") return { sidecarId: json };
  requireKnownForm(json);
  const parsed = v.safeParse(Record, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new SyntaxError(
      `its "${v.getDotPath(issue) ?? ""}" is not as it should be: ${issue.message}`,
    );
  }
  const { output } = parsed;
  const task = output.dlslurm?.array_task;
  return {
    chain: output.chain,
    cmd: output.cmd,
    dsid: output.dsid,
    extraInputs: output.extra_inputs,
    inputs: output.inputs,
    outputs: output.outputs,
    pwd: output.pwd,
    slurmJobId: task === undefined ? output.slurm_job_id : `${output.slurm_job_id}_${task}`,
    slurmOutputs: output.slurm_outputs,
    altDir: output.alt_dir === "" ? null : output.alt_dir,
    cluster: output.dlslurm?.cluster ?? null,
    row: output.dlslurm?.row ?? null,
    subdataset: output.dlslurm?.subdataset ?? null,
  };
}

function requireKnownForm(json: unknown): void {
  const parsed = v.safeParse(v.object({ dlslurm: v.object({ form: v.number() }) }), json);
  if (!parsed.success || parsed.output.dlslurm.form <= NEWEST_FORM) return;
  throw new SyntaxError(
    `it is of form ${parsed.output.dlslurm.form}, this dlslurm knows form ${NEWEST_FORM}: ` +
      "use the newer one that wrote it",
  );
}

/** The error for a record that cannot be read, naming its commit. */
export function badRecord(commit: string, cause: unknown): UserError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UserError("BAD_RECORD", `Cannot read the run record of commit ${commit}: ${reason}`, {
    hint: `git show ${commit}`,
    cause,
  });
}
