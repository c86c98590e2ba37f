/**
 * All that knows the database of DataLad's SLURM extension, the one in Python. It is only read.
 *
 * An *entry* is a row of that database: a job that the extension holds open. Its *locks* are the paths that
 * no other job may write to, as the extension has them. An entry is *pending* until it is *adopted*, taken
 * over as a job of ours, or its job was finished by the extension. A *mark* tells an entry from a later one
 * with the same job ID.
 *
 * @module
 */

import type { DatabaseSync } from "node:sqlite";
import * as v from "valibot";
import { UserError } from "../errors.ts";
import { ifPresent } from "../fs/if_present.ts";
import { readOtherDatabase } from "../sqlite/read_other_database.ts";

/** A job that the Python extension (datalad-slurm) has scheduled and not finished. */
export interface ExtensionJob {
  /** Slurm's job ID. */
  readonly jobId: string;
  /** Tells this job from a later one that Slurm gave the same ID. */
  readonly mark: string;
  /** Paragraphs for the commit message, "Re-submission of job ID." among them. */
  readonly message: string | null;
  /** Commits of the earlier runs of the same command, oldest first. */
  readonly chain: readonly string[];
  /** The shell command line as it is recorded. */
  readonly cmd: string;
  /** Of the dataset that the job was scheduled in. */
  readonly dsid: string | null;
  /** Relative to `pwd`. */
  readonly inputs: readonly string[];
  /** Relative to `pwd`. */
  readonly extraInputs: readonly string[];
  /** Relative to the dataset's root, often with `./` before them. */
  readonly outputs: readonly string[];
  /** Relative to the folder that the user stood in, or to `altDir`; the environment file is the last. */
  readonly slurmOutputs: readonly string[];
  /** Relative to the dataset's root. */
  readonly pwd: string;
  /** As it was given, not always absolute; `null` where none was. */
  readonly altDir: string | null;
}

/** A row of its open jobs, with what it has locked. */
export interface ExtensionEntry {
  /** Slurm's job ID. */
  readonly jobId: string;
  /** Paths relative to the dataset's root, as the extension wrote them. */
  readonly locks: readonly string[];
  /** The job, or why its row cannot be read. */
  readonly job: ExtensionJob | { readonly problem: string };
}

const TextList = v.nullish(v.pipe(v.string(), v.parseJson(), v.array(v.string())), "[]");
const Row = v.object({
  slurm_job_id: v.pipe(v.union([v.number(), v.string()]), v.transform(String), v.regex(/^[0-9]+$/)),
  message: v.nullish(v.string(), null),
  chain: TextList,
  cmd: v.string(),
  dsid: v.nullish(v.string(), null),
  inputs: TextList,
  extra_inputs: TextList,
  outputs: TextList,
  slurm_outputs: TextList,
  pwd: v.nullish(v.string(), "."),
  // Releases before 0.2 had no such column.
  alt_dir: v.nullish(v.string(), ""),
});

const TABLES = ["open_jobs", "locked_names"] as const;

/**
 * Reads the extension's database of open jobs: tables `open_jobs(slurm_job_id, message, chain, cmd, dsid,
 * inputs, extra_inputs, outputs, slurm_outputs, pwd, alt_dir)`, lists as JSON text, and
 * `locked_names(slurm_job_id, name)`. Neither the file nor anything beside it is changed, not even if
 * the extension was killed in the middle of a transaction: then a copy is repaired and read.
 *
 * @returns in the order of their submission; none if there is no such file, or no table in it yet.
 * @throws {UserError} `EXTENSION_DATABASE` if it cannot be read, is no database, damaged, or held.
 */
export function readExtensionDatabase(path: string): ExtensionEntry[] {
  try {
    const info = statIfFile(path);
    if (info === undefined || info.size === 0) return [];
    return readOtherDatabase(path, readEntries);
  } catch (error) {
    throw explain(error, path);
  }
}

function statIfFile(path: string): Deno.FileInfo | undefined {
  const info = ifPresent(() => Deno.statSync(path));
  if (info?.isFile === false) throw new Error("it is no file");
  return info;
}

function readEntries(database: DatabaseSync): ExtensionEntry[] {
  const [jobs, names] = TABLES.map((table) => rowsOf(database, table));
  const locks = Map.groupBy(names!, (row) => String(row["slurm_job_id"]));
  return jobs!.map((row) => {
    const jobId = String(row["slurm_job_id"]);
    const job = toJob(row);
    const locked = (locks.get(jobId) ?? []).map((name) => String(name["name"]));
    if (locked.length > 0 || "problem" in job) return { jobId, job, locks: locked };
    return { jobId, job, locks: job.outputs.filter((each) => !job.slurmOutputs.includes(each)) };
  });
}

/** A database that was opened and never written to has no tables. */
function rowsOf(database: DatabaseSync, table: (typeof TABLES)[number]) {
  const isThere = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
    .get(table) !== undefined;
  return isThere ? database.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all() : [];
}

function toJob(fields: Record<string, unknown>): ExtensionJob | { readonly problem: string } {
  const parsed = v.safeParse(Row, fields);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    return { problem: `its "${v.getDotPath(issue) ?? ""}" is not as it should be` };
  }
  const row = parsed.output;
  return {
    jobId: row.slurm_job_id,
    mark: JSON.stringify([row.slurm_job_id, row.cmd, row.outputs, row.chain]),
    message: row.message,
    chain: row.chain,
    cmd: row.cmd,
    dsid: row.dsid,
    inputs: row.inputs,
    extraInputs: row.extra_inputs,
    outputs: row.outputs,
    slurmOutputs: row.slurm_outputs,
    pwd: row.pwd,
    altDir: row.alt_dir === "" ? null : row.alt_dir,
  };
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof UserError || !(error instanceof Error)) return error;
  const reason = /database (table )?is locked/.test(error.message)
    ? "another process holds it"
    : error.message;
  return new UserError(
    "EXTENSION_DATABASE",
    `Cannot read the open jobs of the Python extension in "${path}": ${reason}`,
    {
      hint: `if the extension is not used here any more: mv "${path}" "${path}.old"`,
      cause: error,
    },
  );
}
