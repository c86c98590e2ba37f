import { annexKeyOf } from "../annex/annex_key.ts";
import { LONGEST_POINTER_BYTES, POINTER_START } from "../annex/annexed_files.ts";
import { readSmallBlobs } from "../git/cat_file.ts";
import { LINK_MODE } from "../git/changes.ts";
import { compareOutputs } from "../jobs/output_comparison.ts";
import { isWithin } from "../paths/root_paths.ts";
import { claimsOf, logsOf } from "./paths_of_run.ts";
import { settleByContent } from "./compare_contents.ts";
import type { ComparedOutput, NamedFile } from "./compared_output.ts";
import { readDeepTrees } from "./deep_files.ts";
import type { DeepFile, DeepTree } from "./deep_files.ts";
import { readCutCommits } from "../git/shallow.ts";
import type { Provenance } from "./provenance.ts";
import type { RecordedRun } from "./recorded_runs.ts";
import { findWrittenFiles } from "./written_files.ts";

/** A pair of runs: the second is to have come out as the first. */
export interface RunPair {
  /** The run that is repeated. */
  readonly original: RecordedRun;
  /** The one that repeats it, or any other. */
  readonly repetition: RecordedRun;
}

/**
 * Compares the outputs of pairs of runs, logs and environment files left out, by object names and keys:
 * contents are read only where these say nothing. For all pairs together a handful of git processes run in each dataset.
 *
 * An output is what the first run, or one that it repeats itself, wrote within its claims, or what the second
 * one wrote: a repetition that wrote the same again has changed nothing.
 *
 * @returns in the order of `pairs`, by path.
 */
export async function compareRuns(
  provenance: Provenance,
  pairs: readonly RunPair[],
): Promise<ComparedOutput[][]> {
  const { dataset, history } = provenance.top;
  const cut = await readCutCommits(dataset);
  const chains = new Map<RecordedRun, string[]>();
  for (const { original } of pairs) {
    const earlier = await history.chainOf(original);
    const commits = [...earlier.flatMap((entry) => entry?.commit.oid ?? []), original.commit.oid];
    chains.set(original, commits.filter((oid) => !cut.has(oid)));
  }
  const commits = pairs.flatMap(({ original, repetition }) => [
    ...chains.get(original)!,
    repetition.commit.oid,
  ]);
  const written = await findWrittenFiles(
    dataset,
    [...new Set(commits)].filter((oid) => !cut.has(oid)),
  );
  const claims = pairs.flatMap(({ original, repetition }) => [
    ...claimsOf(original.record),
    ...claimsOf(repetition.record),
  ]);
  const trees = await readDeepTrees(
    provenance,
    pairs.flatMap(({ original, repetition }) => [original.commit.oid, repetition.commit.oid]),
    [...new Set(claims)],
  );
  return await compareSides(
    provenance,
    pairs.map((pair) => ({
      before: outputsOf(trees, pair.original, pair),
      after: outputsOf(trees, pair.repetition, pair),
      unreadBefore: trees.get(pair.original.commit.oid)?.unread ?? NOTHING,
      unreadAfter: trees.get(pair.repetition.commit.oid)?.unread ?? NOTHING,
      wroteBefore: chains.get(pair.original)!.flatMap((oid) => written.get(oid) ?? []),
      wroteAfter: written.get(pair.repetition.commit.oid) ?? [],
    })),
  );
}

const NOTHING: ReadonlyMap<string, string> = new Map();

/** What two runs left at their claims, logs left out, and what of it they wrote. */
export interface Sides {
  /** By path, as the first one left it. */
  readonly before: ReadonlyMap<string, DeepFile>;
  /** As the second one left it. */
  readonly after: ReadonlyMap<string, DeepFile>;
  /** What the first one wrote, or one that it repeats; empty where unknown. */
  readonly wroteBefore: readonly string[];
  /** What the second one wrote. */
  readonly wroteAfter: readonly string[];
  /** As {@linkcode DeepTree.unread}, of the first run. */
  readonly unreadBefore: ReadonlyMap<string, string>;
  /** The same of the second one. */
  readonly unreadAfter: ReadonlyMap<string, string>;
}

/** Compares what pairs of runs wrote, by names, and where these say nothing by contents that are here. */
export async function compareSides(
  provenance: Provenance,
  pairs: readonly Sides[],
): Promise<ComparedOutput[][]> {
  const chosen = pairs.map((pair) => {
    const { before, after, wroteBefore, wroteAfter } = pair;
    const hidden = [...pair.unreadBefore.keys(), ...pair.unreadAfter.keys()];
    const wrote = new Set(wroteBefore);
    // If it is unknown what it wrote, everything at its claims counts.
    if (![...before.keys()].some((path) => wrote.has(path))) {
      for (const path of before.keys()) wrote.add(path);
    }
    for (const path of wroteAfter) wrote.add(path);
    const isOutput = ([path]: [string, DeepFile]) =>
      wrote.has(path) && !hidden.some((subdataset) => isWithin(subdataset, path));
    return { before: [...before].filter(isOutput), after: [...after].filter(isOutput) };
  });
  const keys = await readKeys(
    provenance,
    chosen.flatMap(({ before, after }) => doubtful(before, after)),
  );
  const named = (files: readonly [string, DeepFile][]) =>
    new Map(files.map(([path, file]): [string, NamedFile] => {
      const key = keys.get(file);
      return [path, { ...file, ...(key === undefined ? {} : { key }) }];
    }));
  const compared = chosen.map(({ before, after }, at) => {
    const one = named(before);
    const other = named(after);
    const outputs = [...compareOutputs(one, other)].map(([path, verdict]) => ({
      path,
      verdict,
      ...(one.has(path) ? { before: one.get(path)! } : {}),
      ...(other.has(path) ? { after: other.get(path)! } : {}),
    }));
    return [...outputs, ...compareUnread(pairs[at]!)];
  });
  return await settleByContent(provenance, compared);
}

/** A subdataset that cannot be looked into is the same where both runs left the same commit of it. */
function compareUnread(
  { unreadBefore, unreadAfter }: Pick<Sides, "unreadBefore" | "unreadAfter">,
): ComparedOutput[] {
  const paths = [...new Set([...unreadBefore.keys(), ...unreadAfter.keys()])].sort();
  return paths.map((path) => ({
    path,
    verdict: unreadBefore.get(path) === unreadAfter.get(path) ? "identical" : "unknown",
  }));
}

/** What lies at the claims of a run in its commit, without the logs of both. */
function outputsOf(
  trees: ReadonlyMap<string, DeepTree>,
  { commit, record }: RecordedRun,
  { original, repetition }: RunPair,
): Map<string, DeepFile> {
  const claims = claimsOf(record);
  const logs = new Set([...logsOf(original.record), ...logsOf(repetition.record)]);
  return new Map(
    [...trees.get(commit.oid)?.files ?? []].filter(([path]) =>
      !logs.has(path) && claims.some((claim) => isWithin(claim, path))
    ),
  );
}

/** Pairs of files whose object names differ: both may still stand for one annexed content. */
function doubtful(
  before: readonly (readonly [string, DeepFile])[],
  after: readonly (readonly [string, DeepFile])[],
): DeepFile[] {
  const others = new Map(after);
  return before.flatMap(([path, file]) => {
    const other = others.get(path);
    return other !== undefined && other.oid !== file.oid ? [file, other] : [];
  });
}

/** The keys of annexed files among `files`; one git process or two for each dataset. */
export async function readKeys(
  provenance: Provenance,
  files: readonly DeepFile[],
): Promise<Map<DeepFile, string>> {
  const keys = new Map<DeepFile, string>();
  for (const [place, group] of Map.groupBy(files, (file) => file.place)) {
    const { git } = (await provenance.at(place)).dataset;
    const oids = group.map(({ oid }) => oid);
    const blobs = await readSmallBlobs(git, oids, LONGEST_POINTER_BYTES);
    for (const file of group) {
      const text = blobs.get(file.oid) ?? "";
      const key = file.mode === LINK_MODE || text.startsWith(POINTER_START)
        ? annexKeyOf(text)
        : undefined;
      if (key !== undefined) keys.set(file, key);
    }
  }
  return keys;
}
