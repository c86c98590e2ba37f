/** How Slurm is asked again while jobs run. */
export interface Pauses {
  /** Milliseconds between two looks at the least. */
  readonly pollMs: number;
  /** Milliseconds after which waiting ends, whatever the jobs do; absent: never. */
  readonly timeoutMs?: number | undefined;
}

/** Short enough for a first try, long enough for a scheduler that a hundred people ask. */
export const USUAL_POLL_MS = 15_000;

/** How long the next pause is, compared with all that was waited before. */
const SHARE = 1 / 2;

/**
 * Milliseconds until Slurm is to be asked again after so long a wait: half of what was waited so far. So an
 * end is noticed late by a third of the whole wait at most, and the number of looks grows with the logarithm
 * of the time: 19 in a night, however many jobs, however many people.
 *
 * @returns `undefined` if the time is up.
 */
export function nextPause(
  waitedMs: number,
  { pollMs, timeoutMs = Infinity }: Pauses,
): number | undefined {
  if (waitedMs >= timeoutMs) return undefined;
  return Math.min(Math.max(pollMs, Math.ceil(waitedMs * SHARE)), timeoutMs - waitedMs);
}
