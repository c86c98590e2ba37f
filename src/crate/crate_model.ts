import type { EntryWithRun } from "../provenance/run_inputs.ts";
import { logsOf } from "../provenance/paths_of_run.ts";
import type { Session } from "../session/session.ts";
import { FileTable } from "./crate_file.ts";
import type { CrateFile, FileRole, NotedFile } from "./crate_file.ts";
import type { ChosenRuns } from "./find_runs.ts";
import { lookUpContents } from "./look_up_contents.ts";
import { findReadByRuns } from "./read_files.ts";
import type { ReadFiles, ReadFolder } from "./read_files.ts";
import { findWrittenByRuns } from "./written_files.ts";

/** More inputs than are told one by one. */
export interface LongList {
  /** How many. */
  readonly count: number;
  /** `sha256:…` of the list. */
  readonly digest: string;
  /** The file that has them. */
  readonly list: CrateFile | undefined;
}

/** A run with the files of the crate that it read and wrote. */
export interface RunWithFiles {
  /** The run. */
  readonly subject: EntryWithRun;
  /** The batch script, if it is a file and known. */
  readonly script: CrateFile | undefined;
  /** Those of the attempts before it, in their order, where they are files and known. */
  readonly attemptScripts: readonly (CrateFile | undefined)[];
  /** What it read. */
  readonly inputs: readonly CrateFile[];
  /** Images of containers among them. */
  readonly images: readonly CrateFile[];
  /** Folders of many files that it read. */
  readonly folders: readonly ReadFolder[];
  /** Its inputs, if they are too many. */
  readonly longList: LongList | undefined;
  /** What it wrote, logs among it. */
  readonly results: readonly CrateFile[];
}

/** All that a crate tells. */
export interface CrateModel {
  /** The oldest first. */
  readonly runs: readonly RunWithFiles[];
  /** What they read and wrote. */
  readonly table: FileTable;
}

/**
 * Gathers what a crate is to tell, with a handful of processes for each dataset, however many runs there are.
 * Contents are looked at by name and size, not read.
 *
 * @param holdsContents whether the crate is to hold those contents that are here.
 */
export async function gatherCrate(
  { provenance, runs }: ChosenRuns,
  holdsContents: boolean,
  session: Session,
): Promise<CrateModel> {
  using progress = session.progress("reading what jobs read and wrote");
  // Beside each other: one waits for git, the other looks for subdatasets.
  const [written, read] = await Promise.all([
    findWrittenByRuns(provenance, runs),
    findReadByRuns(provenance, runs),
  ]);
  session.interrupted.throwIfAborted();
  const table = new FileTable();
  const withFiles = runs.map((subject, at) => noteFiles(table, subject, written[at]!, read[at]!));
  progress.say(`${table.count} files`);
  await lookUpContents(provenance, table.files, session);
  table.giveIds(holdsContents);
  return { runs: withFiles, table };
}

function noteFiles(
  table: FileTable,
  subject: EntryWithRun,
  written: readonly NotedFile[],
  { script, attemptScripts = [], inputs, folders, digest, images }: ReadFiles,
): RunWithFiles {
  // Inputs first: of what a job reads and writes anew, its own is the newer one.
  const noted = inputs.map((file) =>
    table.note(file, images.has(file.path) ? "container" : undefined)
  );
  const noteScript = (file: NotedFile) => table.note(file, "script");
  const ofAttempts = attemptScripts.map((file) => file && noteScript(file));
  const noting = script === undefined ? undefined : noteScript(script);
  const logs = new Set(logsOf(subject.run.record));
  const results: CrateFile[] = [];
  for (const file of written) {
    const isList = file.path === digest?.list;
    const result = table.note(file, isList ? undefined : roleOf(file.path, logs));
    if (!isList) results.push(result);
  }
  return {
    subject,
    script: noting,
    attemptScripts: ofAttempts,
    inputs: noted,
    images: noted.filter(({ path }) => images.has(path)),
    folders,
    longList: digest && {
      count: digest.count,
      digest: digest.digest,
      list: table.newestAt(digest.list ?? ""),
    },
    results,
  };
}

function roleOf(path: string, logs: ReadonlySet<string>): FileRole | undefined {
  if (!logs.has(path)) return undefined;
  return path.endsWith(".env.json") ? "environment" : "log";
}
