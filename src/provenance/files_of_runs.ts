import type { Dataset } from "../datalad/dataset.ts";
import { readCutCommits } from "../git/shallow.ts";
import { isWithin } from "../paths/root_paths.ts";
import type { Runner } from "../process/runner.ts";
import { claimsOf, logsOf } from "./paths_of_run.ts";
import type { RecordedRun } from "./recorded_runs.ts";
import { RunHistory } from "./run_history.ts";
import { findWrittenFiles } from "./written_files.ts";

/**
 * Finds the files that runs wrote, by their commits. A repetition that wrote the same again has changed nothing: what
 * the runs that it repeats wrote at its claims, without their logs, is its own, but for what it did not write.
 *
 * @returns paths relative to the dataset's root, by the commits of `runs`; also those in installed subdatasets.
 */
export async function findFilesOfRuns(
  dataset: Dataset,
  runs: readonly RecordedRun[],
  runner: Runner,
): Promise<Map<string, string[]>> {
  const repetitions = runs.filter(({ record }) => record.chain.length > 0);
  const originals = new Map<RecordedRun, RecordedRun[]>();
  if (repetitions.length > 0) {
    const chains = repetitions.map(({ record }) => record.chain);
    const history = await RunHistory.ofChains(dataset, chains, runner);
    const cut = await readCutCommits(dataset);
    for (const run of repetitions) {
      const entries = (await history.chainOf(run))
        .filter((entry) => entry !== undefined && !cut.has(entry.commit.oid));
      const read = await Promise.all(entries.map((entry) => history.readIfGood(entry!)));
      originals.set(run, read.filter((each) => each !== undefined));
    }
  }
  const commits = [...runs, ...[...originals.values()].flat()].map(({ commit }) => commit.oid);
  const written = await findWrittenFiles(dataset, [...new Set(commits)]);
  return new Map(runs.map((run) => {
    const files = new Set(written.get(run.commit.oid));
    const claims = claimsOf(run.record);
    const missing = new Set(run.record.evidence?.reproduces?.missing);
    for (const { commit, record } of originals.get(run) ?? []) {
      const logs = new Set(logsOf(record));
      for (const path of written.get(commit.oid) ?? []) {
        const isOwn = claims.some((claim) => isWithin(claim, path));
        if (isOwn && !logs.has(path) && !missing.has(path)) files.add(path);
      }
    }
    return [run.commit.oid, [...files]];
  }));
}
