import type { RunRecord } from "../datalad/run_record.ts";

/**
 * Tells a job from others by its record, wherever that is committed. Slurm gives IDs anew, at another time.
 */
export function identityOf({ slurmJobId, cluster, cmd, evidence }: RunRecord): string {
  const at = evidence?.submission?.at ?? evidence?.accounting?.submit;
  return JSON.stringify([slurmJobId, cluster, at ?? cmd]);
}

/**
 * Each job once, by the first of its commits in the order of `runs`: a rewritten history, or a picked commit that
 * was merged, too, holds a job twice, which was run and paid for once.
 */
export function onceEach<T extends { readonly record: RunRecord }>(runs: readonly T[]): T[] {
  const seen = new Set<string>();
  return runs.filter(({ record }) => {
    const identity = identityOf(record);
    return !seen.has(identity) && seen.add(identity);
  });
}
