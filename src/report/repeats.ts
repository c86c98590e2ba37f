import { reproductionOf } from "../jobs/output_comparison.ts";
import { compareRuns } from "../provenance/compare_runs.ts";
import type { Provenance } from "../provenance/provenance.ts";
import type { RecordedRun } from "../provenance/recorded_runs.ts";
import { withoutAbsent } from "../jobs/without_absent.ts";
import type { Repeat } from "./report.ts";

/** So many are compared now; of a record of dlslurm 0.2 that was done when the job was finished. */
const MOST_COMPARED = 200;

/** The runs that repeat others, with how they came out. */
export async function findRepeats(
  provenance: Provenance,
  runs: readonly (RecordedRun | undefined)[],
): Promise<Repeat[]> {
  const { history } = provenance.top;
  const repeats = [];
  for (const [job, run] of runs.entries()) {
    const then = run?.record.chain.at(-1);
    if (run === undefined || then === undefined) continue;
    const entry = (await history.chainOf(run)).at(-1);
    const noted = run.record.evidence?.reproduces;
    repeats.push({ run, job, then, entry, noted: noted?.commit === then ? noted : undefined });
  }
  const unjudged = repeats.filter(({ noted, entry }) => noted === undefined && entry !== undefined)
    .slice(0, MOST_COMPARED);
  const pairs = [];
  for (const { run, entry, job } of unjudged) {
    const before = await history.readIfGood(entry!);
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
  return repeats.map(({ job, then, entry, noted }) =>
    withoutAbsent({
      job,
      original: entry?.commit.oid ?? then,
      originalJobId: entry?.jobId,
      reproduces: noted ?? verdicts.get(job),
    })
  );
}
