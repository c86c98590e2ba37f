/** Milliseconds after which something that is waited for counts as never coming. */
const LONGEST_WAIT_MS = 90_000;
const POLL_MS = 50;

/**
 * Asks `look` again and again until it gives a value.
 *
 * @param what said in the error: "job 4 has ended".
 * @throws {Error} If that does not happen within 90 seconds.
 */
export async function pollUntil<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
