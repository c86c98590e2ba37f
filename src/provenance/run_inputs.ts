import { join, normalize } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { isPattern, matchesPattern } from "../datalad/python_glob.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { BATCH, batchOf, parseBatch } from "../git/cat_file.ts";
import { parseEvidence } from "../jobs/evidence.ts";
import type { InputEvidence, ScriptEvidence } from "../jobs/evidence.ts";
import { findCommitted } from "./committed_versions.ts";
import { readDeepFiles } from "./deep_files.ts";
import type { DeepFile } from "./deep_files.ts";
import {
  canBeInside,
  isWithin,
  joinPath,
  pathAndFoldersAround,
  pathRelativeTo,
} from "../paths/root_paths.ts";
import { readSubmissionCommand } from "../slurm/submission_command.ts";
import type { FileVersion } from "./file_commits.ts";
import type { Provenance } from "./provenance.ts";
import type { HistoryEntry } from "./run_history.ts";
import type { RecordedRun } from "./recorded_runs.ts";

/** One file that a run read, as far as its record tells. */
export interface RunInput {
  /** Relative to the topmost root. */
  readonly path: string;
  /** Where it lies: a subdataset, or `.`. */
  readonly place: string;
  /** Relative to that. */
  readonly pathInPlace: string;
  /** The blob that the run read, or that stood there when it was recorded; absent if nothing did. */
  readonly oid?: string;
  /** Of what stood there: in octal, six digits. */
  readonly mode?: string;
  /** What was noted of it when the job was submitted. */
  readonly evidence?: InputEvidence;
  /** Where commits have this version, if not as `oid` at `pathInPlace`: in the annex, or behind a link. */
  readonly committed?: FileVersion;
  /** `true` if HEAD had another version when the job was submitted, or none. */
  readonly isUnsaved?: true;
  /** Whether it is the batch script. */
  readonly isScript: boolean;
  /** `true` for an extra input. */
  readonly isExtra?: true;
}

/** What commits are searched for, relative to where an input lies; `undefined` if no version is known. */
export function versionOf({ pathInPlace, oid, committed }: RunInput): FileVersion | undefined {
  return committed ?? (oid === undefined ? undefined : { path: pathInPlace, oid });
}

/** A run with its place in the history. */
export interface EntryWithRun {
  /** Its commit. */
  readonly entry: HistoryEntry;
  /** Its record. */
  readonly run: RecordedRun;
}

/**
 * Finds what runs of the topmost dataset read: inputs, the files in those that are folders, and the batch
 * script. Where the record has no evidence, what stood there in the commit before that of the run counts.
 *
 * @returns in the order of `runs`.
 */
export async function findRunInputs(
  provenance: Provenance,
  runs: readonly EntryWithRun[],
): Promise<RunInput[][]> {
  const noted = await readNoted(provenance.top.dataset, runs.map(({ run }) => run));
  const wanted = runs.map(({ run }, at) => wantedBy(run.record, noted[at]!.inputs));
  const all = [...new Set(wanted.flatMap(({ literal }) => literal))];
  const groups = await provenance.group(all.filter((path) => path !== "."));
  const places = new Map(
    [...groups].flatMap(([place, paths]) =>
      paths.map((path) => [joinPath(place, path), [place, path] as const] as const)
    ),
  );
  const bases = runs.map(({ run, entry }) => basesOf(run, entry));
  const trees = await readDeepFiles(provenance, bases.flat(), all);
  /** What HEAD had under the names of these when the job was submitted. */
  const atHead = new Map<RunInput, DeepFile>();
  const inputs = runs.map(({ run: { record } }, at) => {
    const found = new Map<string, RunInput>();
    const { inputs, isLost } = noted[at]!;
    const evidence = new Map(inputs.map((each) => [each.path, each]));
    // Of such a folder nobody noted which of its files were not as a commit has them: it stands for all.
    const edited = inputs.filter(({ tree, modified }) => tree !== undefined && modified === true);
    const isUnknown = (path: string) =>
      !evidence.has(path) && wanted[at]!.script?.includes(path) !== true &&
      edited.some((each) => isWithin(each.path, path));
    for (const base of bases[at]!) {
      for (const [path, file] of trees.get(base) ?? []) {
        if (found.has(path) || !wanted[at]!.has(path) || isUnknown(path)) continue;
        const input = inputOf(file, evidence.get(path), wanted[at]!);
        found.set(path, isLost && !input.isScript ? withoutVersion(input) : input);
        if (base === record.evidence?.submission?.head) atHead.set(input, file);
      }
    }
    // What was there when the job was submitted, and is in no commit.
    for (const path of [...evidence.keys(), ...wanted[at]!.script ?? []]) {
      if (found.has(path)) continue;
      const [place, rest] = places.get(path) ?? [".", path];
      const file = { path, place, pathInPlace: rest };
      found.set(path, inputOf(file, evidence.get(path), wanted[at]!));
    }
    return [...found.values()].sort((a, b) => a.path < b.path ? -1 : 1);
  });
  const committed = await findCommitted(provenance, atHead);
  return inputs.map((each) =>
    each.map((input) => {
      const version = committed.get(input);
      return version === undefined ? input : { ...input, committed: version };
    })
  );
}

function inputOf(
  { path, place, pathInPlace, ...file }: Pick<DeepFile, "path" | "place" | "pathInPlace"> & {
    readonly oid?: string;
    readonly mode?: string;
  },
  evidence: InputEvidence | undefined,
  { script, scriptEvidence, isExtra }: Wanted,
): RunInput {
  const isScript = script?.includes(path) === true;
  const noted = isScript ? scriptEvidence : undefined;
  const oid = noted?.blob ?? evidence?.blob ?? (isAsCommitted(evidence) ? file.oid : undefined);
  // Evidence is of what a link leads to.
  const isOfContent = evidence !== undefined || noted?.blob !== undefined;
  return {
    path,
    place,
    pathInPlace,
    ...(oid === undefined ? {} : { oid }),
    ...(isOfContent || file.mode === undefined ? {} : { mode: file.mode }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(noted?.saved === false || evidence?.modified === true ? { isUnsaved: true } : {}),
    isScript,
    ...(evidence?.extra === true || isExtra(path) ? { isExtra: true } : {}),
  };
}

/** Whether a commit can tell which version of a file was read: none has one that evidence has as another. */
function isAsCommitted(evidence: InputEvidence | undefined): boolean {
  return evidence === undefined || evidence.key !== undefined && evidence.modified !== true;
}

function withoutVersion({ oid: _oid, mode: _mode, ...input }: RunInput): RunInput {
  return input;
}

/** What was noted of the inputs of a run. */
interface Noted {
  /** Each by its path relative to the root of the dataset that has the record. */
  readonly inputs: readonly InputEvidence[];
  /** Whether it stands in a list that cannot be read: then no commit can tell what was read. */
  readonly isLost: boolean;
}

/** Takes it from records and from the lists in the runs' commits; git is asked once, and only for lists. */
async function readNoted(dataset: Dataset, runs: readonly RecordedRun[]): Promise<Noted[]> {
  const named = runs.map(({ commit, record: { evidence, subdataset } }) => {
    const inputs = evidence?.inputs;
    if (inputs === undefined || "length" in inputs || inputs.list === undefined) return undefined;
    const { list } = inputs;
    const path = subdataset === null ? list : pathRelativeTo(subdataset, list);
    const isGood = path !== undefined && canBeInside(path) && !path.includes("\n");
    return isGood ? `${commit.oid}:${path}` : undefined;
  });
  const names = [...new Set(named.filter((name) => name !== undefined))];
  const output = names.length === 0
    ? undefined
    : await dataset.git.require(BATCH, { stdin: batchOf(names) });
  const found = output === undefined ? [] : [...parseBatch(output)];
  const texts = new Map(names.map((name, at) => [name, found[at]?.text]));
  return await Promise.all(runs.map(async ({ record }, at) => {
    const inputs = record.evidence?.inputs ?? [];
    if (!("digest" in inputs)) return { inputs: inPlace(record, inputs), isLost: false };
    const listed = await parseList(texts.get(named[at] ?? ""), inputs.digest);
    return { inputs: inPlace(record, listed ?? []), isLost: listed === undefined };
  }));
}

/** Reads the list that a digest stands for; `undefined` if this is not it. */
async function parseList(
  text: string | undefined,
  digest: string,
): Promise<readonly InputEvidence[] | undefined> {
  if (text === undefined) return undefined;
  const sha = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  if (digest !== `sha256:${new Uint8Array(sha).toHex()}`) return undefined;
  try {
    const lines = text.split("\n").filter((line) => line !== "");
    const { inputs } = parseEvidence({ inputs: lines.map((line) => JSON.parse(line)) });
    return inputs !== undefined && "length" in inputs ? inputs : undefined;
  } catch {
    return undefined;
  }
}

/** The commits whose trees tell what a run read, the best first. */
function basesOf({ record }: RecordedRun, { commit }: HistoryEntry): string[] {
  const head = record.evidence?.submission?.head;
  const parent = commit.parents[0] ?? commit.oid;
  // What another job was still to write came into the history later.
  return head === undefined ? [parent] : [head, parent];
}

interface Wanted {
  /** Files and folders without a pattern in them, or the folder that a pattern's matches are in. */
  readonly literal: readonly string[];
  /** The batch script, if it can be told. */
  readonly script: readonly string[] | undefined;
  /** What was noted of it. */
  readonly scriptEvidence: ScriptEvidence | undefined;
  has(path: string): boolean;
  /** Whether it is an extra input by the record's own lists; where there is evidence, that tells it. */
  isExtra(path: string): boolean;
}

function wantedBy(record: RunRecord, noted: readonly InputEvidence[]): Wanted {
  const script = scriptOf(record);
  const listed = noted.map(({ path }) => path);
  const [inputs, extra] = [record.inputs, record.extraInputs].map((paths) =>
    listed.length > 0
      ? []
      : paths.map((path) => fromRoot(record, path)).filter((path) => path !== undefined)
  ) as [string[], string[]];
  const given = [...inputs, ...extra];
  const patterns = given.filter(isPattern);
  const plain = [...given.filter((path) => !isPattern(path)), ...listed];
  const folders = patterns.map((pattern) => {
    const parts = pattern.split("/");
    return parts.slice(0, parts.findIndex(isPattern)).join("/") || ".";
  });
  const exact = new Set(plain);
  const isIn = (paths: readonly string[], path: string) =>
    paths.some((each) => isPattern(each) ? isMeant(each, path) : isWithin(each, path));
  return {
    literal: [...plain, ...folders, ...patterns, ...(script === undefined ? [] : [script])],
    script: script === undefined ? undefined : [script],
    scriptEvidence: record.evidence?.script,
    has: (path) =>
      path === script || exact.has(path) ||
      exact.has(".") || [...pathAndFoldersAround(path)].some((each) => exact.has(each)) ||
      patterns.some((pattern) => isMeant(pattern, path)),
    isExtra: (path) => path !== script && !isIn(inputs, path) && isIn(extra, path),
  };
}

function inPlace({ subdataset }: RunRecord, inputs: readonly InputEvidence[]): InputEvidence[] {
  return inputs.flatMap((each) => {
    const path = subdataset === null ? each.path : pathRelativeTo(subdataset, each.path);
    return path === undefined || !canBeInside(path) ? [] : [{ ...each, path }];
  });
}

/** A version of a file as evidence has it. */
export interface NotedVersion extends Pick<InputEvidence, "blob" | "key"> {
  /** A commit that has it at its path, of a batch script. */
  readonly commit?: string;
}

/**
 * The versions of script and inputs that were noted when runs were submitted, by paths relative to the root of the
 * dataset that has the records; what has no name of its own is left out.
 *
 * @returns in the order of `runs`.
 */
export async function findNotedVersions(
  dataset: Dataset,
  runs: readonly RecordedRun[],
): Promise<Map<string, NotedVersion>[]> {
  return (await readNoted(dataset, runs)).map(({ inputs }, at) => {
    const { record } = runs[at]!;
    const { blob, saved } = record.evidence?.script ?? {};
    const script = blob === undefined ? undefined : scriptOf(record);
    // That of a subdataset is another one.
    const commit = saved === true && record.subdataset === null
      ? record.evidence?.submission?.head
      : undefined;
    const versions = inputs.filter(({ blob, key }) => (blob ?? key) !== undefined)
      .map(({ path, blob, key }) => [path, blob === undefined ? { key: key! } : { blob }] as const);
    return new Map([
      ...versions,
      ...script === undefined
        ? []
        : [[script, { blob: blob!, ...(commit === undefined ? {} : { commit }) }] as const],
    ]);
  });
}

/** The batch script of a run, relative to the root of the dataset that has the record. */
export function scriptOf(record: RunRecord): string | undefined {
  const { evidence, subdataset } = record;
  if (evidence?.script?.outside === true) return undefined;
  const path = evidence?.script?.path;
  if (path !== undefined) {
    const own = subdataset === null ? path : pathRelativeTo(subdataset, path);
    return own !== undefined && canBeInside(own) ? own : undefined;
  }
  const named = scriptNamedBy(record);
  return named === undefined ? undefined : fromRoot(record, named);
}

/**
 * The batch script as the command names it, relative to where that ran; `undefined` where only a shell can tell,
 * and where the record has evidence of the submission: then it was looked for, and not found.
 */
export function scriptNamedBy(
  { cmd, evidence = {} }: Pick<RunRecord, "cmd" | "evidence">,
): string | undefined {
  if ((evidence.version ?? evidence.submission ?? evidence.script) !== undefined) return undefined;
  const { script: named, chdir, isPlain } = readSubmissionCommand(cmd);
  if (!isPlain || named === undefined || named.includes("{")) return undefined;
  // In which of two folders it was found, nobody noted.
  return chdir !== undefined && !named.startsWith(".") ? undefined : named;
}

/** A path of a record, relative to the root of the dataset that has it; `undefined` outside. */
export function fromRoot({ pwd, subdataset }: RunRecord, path: string): string | undefined {
  if (path === "" || path.startsWith("/")) return undefined;
  const full = normalize(join(pwd, path)).replace(/\/$/, "");
  const own = subdataset === null ? full : pathRelativeTo(subdataset, full);
  return own !== undefined && canBeInside(own) ? own : undefined;
}

/** Whether a pattern stands for a file, or for a folder that it lies in. */
function isMeant(pattern: string, path: string): boolean {
  return [...pathAndFoldersAround(path)].some((each) => matchesPattern(each, pattern));
}
