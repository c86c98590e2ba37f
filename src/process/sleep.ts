/** The runtime's timers hold 31 bits: what is to last longer would end at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Lets so many milliseconds pass; `signal` wakes it.
 *
 * @throws What aborted `signal`, at once if that has happened already.
 */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<void>();
  // Whoever sleeps for weeks looks around in between.
  const timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
  const wake = () => resolve();
  signal.addEventListener("abort", wake);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
  }
  signal.throwIfAborted();
}
