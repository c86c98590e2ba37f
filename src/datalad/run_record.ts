import * as v from "valibot";
import { isTextByName } from "../jobs/text_by_name.ts";
import { UserError } from "../errors.ts";
import { type Evidence, evidenceToJson, parseEvidence } from "../jobs/evidence.ts";
import type { TableRow } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
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
  /** What the command needs beside its inputs, such as a container's image; as those, relative to `pwd`. */
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
  /** What the record proves of the run; absent in those of the extension and of dlslurm 0.1. */
  readonly evidence?: Evidence;
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

/** A file name or a command can hold no NUL. */
const Text = v.pipe(v.string(), v.excludes("\0", "it holds a NUL"));
const TextList = v.nullish(v.array(Text), []);
const Record = v.object({
  chain: TextList,
  cmd: v.union([Text, v.pipe(v.array(Text), v.transform((words) => words.join(" ")))]),
  dsid: v.nullish(v.string(), null),
  extra_inputs: TextList,
  inputs: TextList,
  outputs: TextList,
  pwd: v.nullish(Text, "."),
  slurm_job_id: v.pipe(
    v.union([v.number(), v.string()]),
    v.transform(String),
    v.regex(/^[0-9]+(_[0-9]+)?$/, "it is no job ID"),
  ),
  slurm_outputs: TextList,
  alt_dir: v.nullish(v.string(), ""),
  dlslurm: v.optional(v.object({
    cluster: v.optional(v.nullable(v.string()), null),
    array_task: v.optional(v.number()),
    row: v.optional(v.object({
      cmd: v.string(),
      line: v.number(),
      table: v.string(),
      values: v.custom<Readonly<Record<string, string>>>(isTextByName),
    })),
    subdataset: v.optional(v.nullable(v.string()), null),
  })),
});

const DataladRun = v.pick(Record, ["cmd", "dsid", "extra_inputs", "inputs", "pwd"]);

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
    ...evidenceToJson(record.evidence ?? {}),
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

/** What the subject of a commit of `datalad run` or `datalad containers-run` begins with. */
export const DATALAD_RUN_PREFIX = "[DATALAD RUNCMD]";

/**
 * The command of `datalad run` or `datalad containers-run` that a commit's message records; `undefined` if it
 * records none, or keeps it in a sidecar. It is only ever shown.
 */
export function commandOfDataladRun(message: string): string | undefined {
  const parsed = v.safeParse(v.object({ cmd: Record.entries.cmd }), jsonOfDataladRun(message));
  return parsed.success ? parsed.output.cmd : undefined;
}

/**
 * The same with what it read, as the record of a job of no Slurm, `0`: what it wrote its commit tells.
 *
 * @returns `undefined` also if something in it is not as it should be.
 */
export function recordOfDataladRun(message: string): RunRecord | undefined {
  const parsed = v.safeParse(DataladRun, jsonOfDataladRun(message));
  if (!parsed.success) return undefined;
  const { cmd, dsid, extra_inputs: extraInputs, inputs, pwd } = parsed.output;
  return {
    ...{ cmd, dsid, extraInputs, inputs, pwd, chain: [], outputs: [], slurmOutputs: [] },
    ...{ slurmJobId: "0", altDir: null, cluster: null, subdataset: null },
  };
}

function jsonOfDataladRun(message: string): unknown {
  if (!message.startsWith(DATALAD_RUN_PREFIX)) return undefined;
  const open = message.lastIndexOf(`\n${OPEN_MARK}\n`);
  const close = message.indexOf(`\n${CLOSE_MARK}`, open);
  if (open < 0 || close < 0) return undefined;
  try {
    return JSON.parse(message.slice(open + OPEN_MARK.length + 2, close));
  } catch {
    return undefined;
  }
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
  const evidence = parseEvidence((json as { dlslurm?: unknown }).dlslurm);
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
    ...(Object.keys(evidence).length === 0 ? {} : { evidence }),
  };
}

const WithForm = v.object({ dlslurm: v.object({ form: v.number() }) });

function requireKnownForm(json: unknown): void {
  const parsed = v.safeParse(WithForm, json);
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
