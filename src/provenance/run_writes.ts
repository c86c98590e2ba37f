import type { Dataset } from "../datalad/dataset.ts";
import { coverWithPathspecs, findChangesByCommit } from "../git/changes.ts";
import type { RunRecord } from "../datalad/run_record.ts";
import { readTreeFiles } from "../git/tree_files.ts";
import type { TreeFile } from "../git/tree_files.ts";
import { readCutCommits } from "../git/shallow.ts";
import { foldersAround, isWithin, pathAndFoldersAround } from "../paths/root_paths.ts";
import { claimsOf, logsOf } from "./paths_of_run.ts";
import type { HistoryEntry, RunHistory } from "./run_history.ts";

/** A version of a file that a run wrote. */
export interface Write {
  /** The run. */
  readonly entry: HistoryEntry;
  /** The blob. */
  readonly oid: string;
}

/** So many look-ups of single paths are made before everything is read. */
const MOST_LOOKS = 3;

/** What the runs of a history have written, as their commits show it; read when it is asked for. */
export class RunWrites {
  readonly #dataset: Dataset;
  readonly #history: RunHistory;
  readonly #byPath = new Map<string, readonly Write[]>();
  /** Paths that were looked at; `undefined` once it is all of them. */
  #lookedAt: Set<string> | undefined = new Set();
  #looks = 0;

  /** Looks at the commits of `history`, which is that of `dataset`. */
  constructor(dataset: Dataset, history: RunHistory) {
    this.#dataset = dataset;
    this.#history = history;
  }

  /**
   * What was written at these paths and, where they are folders, inside them, with one git process at most;
   * perhaps at others, too.
   *
   * @returns by path, the newest first.
   */
  async at(paths: readonly string[]): Promise<ReadonlyMap<string, readonly Write[]>> {
    const looked = this.#lookedAt;
    const fresh = looked === undefined ? [] : paths.filter((path) => !looked.has(path));
    if (fresh.length === 0) return this.#byPath;
    // A few paths are quick to look up.
    const wanted = this.#looks++ < MOST_LOOKS ? fresh : [];
    const { entries } = this.#history;
    const mayHaveWritten = mayHaveWrittenAt(wanted);
    const candidates = wanted.length === 0
      ? entries
      : entries.filter(({ commit }) => mayHaveWritten(commit.message));
    const saved = await this.#readSaved(candidates, wanted);
    for (const [path, writes] of await readWrites(this.#dataset, candidates, wanted, saved)) {
      this.#byPath.set(path, writes);
    }
    if (wanted.length === 0) this.#lookedAt = undefined;
    else for (const path of fresh) looked!.add(path);
    return this.#byPath;
  }

  /** What others had committed of runs, by the runs' commits: what differs from the commit that a job was submitted on. */
  async #readSaved(
    entries: readonly HistoryEntry[],
    paths: readonly string[],
  ): Promise<Map<string, TreeFile[]>> {
    const saved = new Map<string, TreeFile[]>();
    const asked = entries.filter(({ commit }) => commit.message.includes(SAVED_BY_OTHERS));
    const runs = [];
    for (const entry of asked) {
      const run = await this.#history.readIfGood(entry);
      const head = run?.record.evidence?.submission?.head;
      if (run === undefined || head === undefined) continue;
      runs.push({ oid: entry.commit.oid, head, own: pathsOf(run.record) });
    }
    const wanted = paths.length > 0 ? paths : runs.flatMap(({ own }) => own);
    const commits = runs.flatMap(({ oid, head }) => [oid, head]);
    const trees = await readTreeFiles(this.#dataset.git, commits, [...new Set(wanted)]);
    for (const { oid, head, own } of runs) {
      const before = trees.get(head);
      if (before === undefined) continue; // as in a shallow clone
      const known = new Map(before.map((file) => [file.path, file.oid]));
      saved.set(
        oid,
        (trees.get(oid) ?? []).filter((file) =>
          known.get(file.path) !== file.oid && own.some((path) => isWithin(path, file.path))
        ),
      );
    }
    return saved;
  }
}

/** In a record: docs/record.md. */
const SAVED_BY_OTHERS = '"saved_by_others": true';

function pathsOf(record: RunRecord): string[] {
  return [...claimsOf(record), ...logsOf(record)];
}

/** The changes of all these commits, with one git process. */
async function readWrites(
  dataset: Dataset,
  entries: readonly HistoryEntry[],
  paths: readonly string[],
  saved: ReadonlyMap<string, readonly TreeFile[]>,
): Promise<Map<string, Write[]>> {
  const byPath = new Map<string, Write[]>();
  if (entries.length === 0) return byPath;
  const cut = await readCutCommits(dataset);
  const known = entries.filter(({ commit }) => !cut.has(commit.oid));
  const oids = known.map(({ commit }) => commit.oid);
  const changes = await findChangesByCommit(dataset.git, oids, coverWithPathspecs(paths));
  for (const entry of known) {
    const own = (changes.get(entry.commit.oid) ?? []).filter(({ kind }) => kind !== "delete");
    for (const { path, oid } of [...own, ...saved.get(entry.commit.oid) ?? []]) {
      byPath.getOrInsert(path, []).push({ entry, oid });
    }
  }
  return byPath;
}

/** A path that every writer of JSON writes as it is. */
const PLAIN_PATH_REGEXP = /^[\w./ +-]+$/;
/** The lists of a record that say what its job wrote. */
const LISTS_REGEXP = /"(?:slurm_)?outputs": ?\[((?:[^\]"]|"(?:[^"\\]|\\.)*")*)\]/g;
const STRING_REGEXP = /"((?:[^"\\]|\\.)*)"/g;
/** Of a claim that may be any path: a pattern, the whole dataset, or written in another way than the path. */
const WIDE_CLAIM_REGEXP = /[*?[\\]|^\.?$/;

/**
 * Tells of the message of a run's commit whether the run may have written at one of `paths`, or inside it. A
 * record names what it claims, a file or a folder around it; a commit that somebody has changed since may hold
 * more, which is then found as any other commit's. To look at 10,000 commits takes git half a second.
 */
export function mayHaveWrittenAt(paths: readonly string[]): (message: string) => boolean {
  const isPlain = (path: string) =>
    PLAIN_PATH_REGEXP.test(path) && path !== "." && !isWithin(".datalad", path);
  if (!paths.every(isPlain)) return () => true;
  const wanted = new Set(paths);
  const claimable = new Set(paths.flatMap((path) => [...pathAndFoldersAround(path)]));
  const mayBeMeant = (text: string) => {
    const claim = text.replace(/^\.\//, "").replace(/\/$/, "");
    return WIDE_CLAIM_REGEXP.test(claim) || claimable.has(claim) ||
      foldersAround(claim).some((folder) => wanted.has(folder));
  };
  return (message) => {
    if (!message.includes('"slurm_job_id"') || message.includes('"subdataset"')) return true;
    return message.matchAll(LISTS_REGEXP)
      .some(([, list]) => list!.matchAll(STRING_REGEXP).some(([, text]) => mayBeMeant(text!)));
  };
}
