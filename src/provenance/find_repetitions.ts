import { splitJobId } from "../jobs/job_id.ts";
import { onceEach } from "./once_each.ts";
import type { RecordedRun } from "./recorded_runs.ts";
import type { HistoryEntry, RunHistory } from "./run_history.ts";

/** The runs that repeat a run, each job once, the newest first; records that cannot be read are passed over. */
export async function findRepetitions(
  history: RunHistory,
  original: HistoryEntry,
): Promise<RecordedRun[]> {
  const originals = await history.ofSameJob(original);
  const found = new Map<HistoryEntry, RecordedRun>();
  const looked = new Set<string>();
  let names = [
    ...[...originals].map(({ commit }) => commit.oid),
    // Where the record is in a sidecar, only the paragraph names the original.
    `Re-submission of job ${original.jobId}.`,
  ];
  while (names.length > 0) {
    for (const name of names) looked.add(name);
    const candidates = history.entries.filter((entry) =>
      !found.has(entry) && !originals.has(entry) &&
      names.some((name) => entry.commit.message.includes(name))
    );
    const then = new Set<string>();
    for (const entry of candidates) {
      const run = await history.readIfGood(entry);
      const chain = run === undefined ? [] : await history.chainOf(run);
      const at = chain.findIndex((each) => each !== undefined && originals.has(each));
      if (at < 0) continue;
      found.set(entry, run!);
      // In a rewritten history others know it by the name that it had then.
      then.add(run!.record.chain[at]!);
    }
    names = [...then].filter((name) => !looked.has(name));
  }
  return inOrder(found);
}

/** On branches of their own, in the same second, git has them in any order; Slurm counts up. */
function inOrder(found: ReadonlyMap<HistoryEntry, RecordedRun>): RecordedRun[] {
  const newestFirst = [...found].sort(([one], [other]) => one.position - other.position);
  const runs = onceEach(newestFirst.map(([, run]) => run));
  return [...Map.groupBy(runs, ({ commit }) => commit.committedS).values()].flatMap((same) =>
    same.toSorted((a, b) => submittedIdOf(b) - submittedIdOf(a))
  );
}

function submittedIdOf({ record }: RecordedRun): number {
  return Number(splitJobId(record.slurmJobId).submittedId);
}
