/** Accounting tells the second in which a job ended. */
const SECOND_MS = 1_000;
/** A write may show that late where the attributes of files are cached: nfs(5), `acregmax`. */
const LATE_MS = 60_000;

/**
 * From when on a change of an output makes it doubtful whether its job was the last to write to it: since
 * the job's end or, where that is long past or not known, since this finish began.
 *
 * All times are milliseconds since 1970.
 *
 * @param endedAtMs by Slurm's clock, in whole seconds.
 */
export function recentWriteCutoff(finishBeganMs: number, endedAtMs: number | undefined): number {
  if (endedAtMs === undefined) return finishBeganMs;
  return Math.min(finishBeganMs, Math.max(endedAtMs + SECOND_MS, finishBeganMs - LATE_MS));
}
