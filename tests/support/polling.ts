/** Milliseconds after which something that is waited for counts as never coming: machines can be slow. */
const LONGEST_WAIT_MS = 300_000;
const POLL_MS = 50;

/** By size and second git and git-annex tell files apart. */
const LONGER_THAN_A_SECOND_MS = 1_100;

/** Lets the second pass in which files were written, or looked at. */
export async function waitForAnotherSecond(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, LONGER_THAN_A_SECOND_MS));
}

/**
 * Asks `look` again and again until it gives a value.
 *
 * @param what said in the error: "job 4 has ended".
 * @throws {Error} If that does not happen within five minutes.
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
