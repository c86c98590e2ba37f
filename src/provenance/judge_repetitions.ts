import type { Dataset } from "../datalad/dataset.ts";
import type { ReproductionEvidence } from "../jobs/evidence.ts";
import { reproductionOf } from "../jobs/output_comparison.ts";
import type { StagedRepetition } from "../jobs/output_comparison.ts";
import { isWithin, joinPath } from "../paths/root_paths.ts";
import type { Runner } from "../process/runner.ts";
import { compareSides } from "./compare_runs.ts";
import { claimsOf, logsOf } from "./paths_of_run.ts";
import type { Sides } from "./compare_runs.ts";
import { readDeepTrees } from "./deep_files.ts";
import type { DeepFile } from "./deep_files.ts";
import { readCutCommits } from "../git/shallow.ts";
import { Provenance } from "./provenance.ts";
import { RunHistory } from "./run_history.ts";
import type { RecordedRun } from "./recorded_runs.ts";
import { findWrittenFiles } from "./written_files.ts";

/**
 * Compares jobs that are about to be committed with the runs that they repeat, as {@linkcode compareRuns}
 * does afterwards; a handful of git processes for all of them, none where none repeats another one.
 *
 * @returns by the keys of the jobs; without those whose original is not there or cannot be read.
 */
export async function judgeRepetitions(
  dataset: Dataset,
  jobs: readonly StagedRepetition[],
  runner: Runner,
): Promise<Map<number, ReproductionEvidence>> {
  const verdicts = new Map<number, ReproductionEvidence>();
  if (jobs.length === 0) return verdicts;
  const history = await RunHistory.ofChains(dataset, jobs.map(({ chain }) => chain), runner);
  const provenance = Provenance.of(dataset, history, runner);
  const repetitions = await readRepetitions(jobs, history);
  if (repetitions.length === 0) return verdicts;
  const sides = await readSides(dataset, repetitions, provenance);
  const compared = await compareSides(provenance, sides);
  for (const [at, { job, original }] of repetitions.entries()) {
    const outputs = new Map(compared[at]!.map(({ path, verdict }) => [path, verdict]));
    if (outputs.size === 0) continue;
    const repeated = { commit: original.commit.oid, jobId: original.record.slurmJobId };
    verdicts.set(job.key, reproductionOf(outputs, repeated));
  }
  return verdicts;
}

/** A job with the run that it repeats. */
interface Repetition {
  readonly job: StagedRepetition;
  readonly original: RecordedRun;
  /** The commits of the original and of the runs that it repeats, as far as they are there. */
  readonly chain: readonly string[];
}

/** Those whose original can be read. */
async function readRepetitions(
  jobs: readonly StagedRepetition[],
  history: RunHistory,
): Promise<Repetition[]> {
  const repetitions: Repetition[] = [];
  for (const job of jobs) {
    const entry = history.at(job.chain.at(-1)!);
    const original = entry === undefined ? undefined : await history.readIfGood(entry);
    if (original === undefined) continue;
    const chain = [...await history.chainOf(original), entry];
    repetitions.push({ job, original, chain: chain.flatMap((each) => each?.commit.oid ?? []) });
  }
  return repetitions;
}

/** What each of `repetitions` and its original wrote. */
async function readSides(
  dataset: Dataset,
  repetitions: readonly Repetition[],
  provenance: Provenance,
): Promise<Sides[]> {
  const cut = await readCutCommits(dataset);
  const chainOf = ({ chain }: Repetition) => chain.filter((oid) => !cut.has(oid));
  const written = await findWrittenFiles(dataset, [...new Set(repetitions.flatMap(chainOf))]);
  const commits = [dataset.headOid, ...repetitions.map(({ original }) => original.commit.oid)];
  const claims = repetitions.flatMap((
    { job, original },
  ) => [...claimsOf(original.record), ...job.claims]);
  const trees = await readDeepTrees(provenance, commits, [...new Set(claims)]);
  return repetitions.map((repetition) => {
    const { job, original } = repetition;
    const logs = new Set([...logsOf(original.record), ...job.slurmOutputs]);
    const isOutput = (path: string, own: readonly string[]) =>
      !logs.has(path) && own.some((claim) => isWithin(claim, path));
    const outputsOf = (commit: string, own: readonly string[]) =>
      new Map([...trees.get(commit)?.files ?? []].filter(([path]) => isOutput(path, own)));
    const isOwn = (path: string) => isOutput(path, job.claims);
    return {
      before: outputsOf(original.commit.oid, claimsOf(original.record)),
      wroteBefore: chainOf(repetition).flatMap((oid) => written.get(oid) ?? []),
      ...withChanges(outputsOf(dataset.headOid, job.claims), job, isOwn),
      unreadBefore: trees.get(original.commit.oid)?.unread ?? new Map(),
      unreadAfter: trees.get(dataset.headOid)?.unread ?? new Map(),
    };
  });
}

/** `files` of HEAD as they will be after the commit of the job, and which of them it wrote. */
function withChanges(
  files: ReadonlyMap<string, DeepFile>,
  { changes }: StagedRepetition,
  isOwn: (path: string) => boolean,
): Pick<Sides, "after" | "wroteAfter"> {
  const after = new Map(files);
  const wroteAfter: string[] = [];
  for (const { place, path: pathInPlace, kind, mode, oid } of changes) {
    const path = joinPath(place, pathInPlace);
    if (!isOwn(path)) continue;
    wroteAfter.push(path);
    if (kind === "delete") after.delete(path);
    else after.set(path, { path, place, pathInPlace, mode, oid });
  }
  return { after, wroteAfter };
}
