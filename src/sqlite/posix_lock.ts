import { DatabaseSync } from "node:sqlite";

/** How long others are waited for, and how often they are looked at, in milliseconds. */
const LONGEST_WAIT_MS = 2_000;
const POLL_MS = 20;
/** How SQLite says that somebody else has it; the runtime hands no number on. */
const BUSY_REGEXP = /database is locked/;

/** A lock that is held; to be held with `using`. */
export interface HeldLock extends Disposable {
  /** Gives the lock back. */
  [Symbol.dispose](): void;
}

/**
 * Takes a lock that other programs take by fcntl(2) on a whole empty file. The runtime itself knows
 * flock(2) only, which those do not see. SQLite locks some bytes of a file by fcntl(2) when a transaction
 * begins, and writes nothing until something is changed.
 *
 * A crash gives the lock back: the system does.
 *
 * @param file absolute.
 * @returns `undefined` if somebody else keeps it for longer, the file is not there, or is not empty, or no such
 * locks work here.
 */
export async function takePosixLock(
  file: string,
  longestWaitMs = LONGEST_WAIT_MS,
): Promise<HeldLock | undefined> {
  let database: DatabaseSync;
  try {
    if ((await Deno.stat(file)).size > 0) return undefined;
    database = new DatabaseSync(file);
  } catch {
    return undefined;
  }
  const startMs = performance.now();
  for (;;) {
    try {
      database.exec("BEGIN IMMEDIATE");
      return { [Symbol.dispose]: () => database.close() };
    } catch (error) {
      const isBusy = error instanceof Error && BUSY_REGEXP.test(error.message);
      if (!isBusy || performance.now() - startMs > longestWaitMs) {
        database.close();
        return undefined;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
