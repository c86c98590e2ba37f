import { join, normalize } from "node:path";
import { isPattern, matchesPattern } from "../datalad/python_glob.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import type { InputEvidence } from "../jobs/evidence.ts";
import { readDeepFiles } from "./deep_files.ts";
import type { DeepFile } from "./deep_files.ts";
import {
  isInside,
  isWithin,
  joinPath,
  pathAndFoldersAround,
  pathRelativeTo,
} from "../paths/root_paths.ts";
import { readSubmissionCommand } from "../slurm/submission_command.ts";
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
  /** Whether it is the batch script. */
  readonly isScript: boolean;
  /** `true` for an extra input. */
  readonly isExtra?: true;
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
  const wanted = runs.map(({ run }) => wantedBy(run.record));
  const all = [...new Set(wanted.flatMap(({ literal }) => literal))];
  const groups = await provenance.group(all.filter((path) => path !== "."));
  const bases = runs.map(({ run, entry }) => basesOf(run, entry));
  const trees = await readDeepFiles(provenance, bases.flat(), all);
  return runs.map(({ run }, at) => {
    const found = new Map<string, RunInput>();
    const evidence = new Map(evidenceOf(run.record).map((each) => [each.path, each]));
    for (const base of bases[at]!) {
      for (const [path, file] of trees.get(base) ?? []) {
        if (found.has(path) || !wanted[at]!.has(path)) continue;
        found.set(path, inputOf(file, evidence.get(path), wanted[at]!));
      }
    }
    // What was there when the job was submitted, and is in no commit.
    for (const path of [...evidence.keys(), ...wanted[at]!.script ?? []]) {
      if (found.has(path)) continue;
      const [place, rest] = [...groups].flatMap(([place, paths]) => {
        const rest = paths.find((each) => joinPath(place, each) === path);
        return rest === undefined ? [] : [[place, rest] as const];
      })[0] ?? [".", path];
      const file = { path, place, pathInPlace: rest };
      found.set(path, inputOf(file, evidence.get(path), wanted[at]!));
    }
    return [...found.values()].sort((a, b) => a.path < b.path ? -1 : 1);
  });
}

function inputOf(
  { path, place, pathInPlace, ...file }: Pick<DeepFile, "path" | "place" | "pathInPlace"> & {
    readonly oid?: string;
    readonly mode?: string;
  },
  evidence: InputEvidence | undefined,
  { script, isExtra }: Wanted,
): RunInput {
  const oid = evidence?.blob ?? file.oid;
  return {
    path,
    place,
    pathInPlace,
    ...(oid === undefined ? {} : { oid }),
    // Evidence is of what a link leads to.
    ...(evidence !== undefined || file.mode === undefined ? {} : { mode: file.mode }),
    ...(evidence === undefined ? {} : { evidence }),
    isScript: script?.includes(path) === true,
    ...(evidence?.extra === true || isExtra(path) ? { isExtra: true } : {}),
  };
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
  has(path: string): boolean;
  /** Whether it is an extra input by the record's own lists; where there is evidence, that tells it. */
  isExtra(path: string): boolean;
}

function wantedBy(record: RunRecord): Wanted {
  const script = scriptOf(record);
  const listed = evidenceOf(record).map(({ path }) => path);
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
    has: (path) =>
      path === script || exact.has(path) ||
      plain.some((each) => isWithin(each, path)) ||
      patterns.some((pattern) => isMeant(pattern, path)),
    isExtra: (path) => path !== script && !isIn(inputs, path) && isIn(extra, path),
  };
}

function evidenceOf({ evidence, subdataset }: RunRecord): InputEvidence[] {
  const inputs = evidence?.inputs;
  if (inputs === undefined || !("length" in inputs)) return [];
  return inputs.flatMap((each) => {
    const path = subdataset === null ? each.path : pathRelativeTo(subdataset, each.path);
    return path === undefined || !isInside(path) ? [] : [{ ...each, path }];
  });
}

/** The batch script of a run, relative to the root of the dataset that has the record. */
export function scriptOf(record: RunRecord): string | undefined {
  const { evidence, subdataset } = record;
  const path = evidence?.script?.path;
  if (path !== undefined) {
    const own = subdataset === null ? path : pathRelativeTo(subdataset, path);
    return own !== undefined && isInside(own) && !own.startsWith("/") ? own : undefined;
  }
  if (evidence?.script !== undefined) return undefined; // --wrap
  const named = readSubmissionCommand(record.cmd).script;
  return named === undefined || named.includes("{") ? undefined : fromRoot(record, named);
}

/** A path of a record, relative to the root of the dataset that has it; `undefined` outside. */
export function fromRoot({ pwd, subdataset }: RunRecord, path: string): string | undefined {
  if (path.startsWith("/")) return undefined;
  const full = normalize(join(pwd, path)).replace(/\/$/, "");
  const own = subdataset === null ? full : pathRelativeTo(subdataset, full);
  return own !== undefined && isInside(own) ? own : undefined;
}

/** Whether a pattern stands for a file, or for a folder that it lies in. */
function isMeant(pattern: string, path: string): boolean {
  return [...pathAndFoldersAround(path)].some((each) => matchesPattern(each, pattern));
}
