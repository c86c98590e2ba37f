import { reproductionOf } from "../jobs/output_comparison.ts";
import { compareRuns } from "../provenance/compare_runs.ts";
import type { Provenance } from "../provenance/provenance.ts";
import type { RecordedRun } from "../provenance/recorded_runs.ts";
import { withoutAbsent } from "./figures.ts";
import type { Repeat } from "./report.ts";

/** So many are compared now; of a record of dlslurm 0.2 that was done when the job was finished. */
const MOST_COMPARED = 200;

/** The runs that repeat others, with how they came out. */
export async function findRepeats(
  provenance: Provenance,
  runs: readonly (RecordedRun | undefined)[],
): Promise<Repeat[]> {
  const { history } = provenance.top;
  const repeats = runs.flatMap((run, job) => {
    const original = run?.record.chain.at(-1);
    return run === undefined || original === undefined ? [] : [{ run, job, original }];
  });
  const unjudged = repeats.filter(({ run, original }) =>
    run.record.evidence?.reproduces?.commit !== original && history.at(original) !== undefined
  ).slice(0, MOST_COMPARED);
  const pairs = [];
  for (const { run, original, job } of unjudged) {
    const before = await history.readIfGood(history.at(original)!);
    if (before !== undefined) pairs.push({ original: before, repetition: run, job });
  }
  const compared = pairs.length === 0 ? [] : await compareRuns(provenance, pairs);
  const verdicts = new Map(pairs.map(({ original, job }, at) => [
    job,
    reproductionOf(
      new Map(compared[at]!.map(({ path, verdict }) => [path, verdict])),
      { commit: original.commit.oid, jobId: original.record.slurmJobId },
    ),
  ]));
  return repeats.map(({ run, job, original }) => {
    const noted = run.record.evidence?.reproduces;
    return withoutAbsent({
      job,
      original,
      originalJobId: history.at(original)?.jobId,
      reproduces: noted?.commit === original ? noted : verdicts.get(job),
    }) as unknown as Repeat;
  });
}
