import type { RunResult } from "../process/runner.ts";
import { wasKilled } from "./failed_git.ts";
import {
  clearQuiet,
  isOfAnnexOrOurs,
  locksOfMoving,
  locksOfUnlocking,
  lookAtLocks,
} from "./left_locks.ts";
import type { LockPlace } from "./left_locks.ts";

/** What a call of git locks: these refs; or whatever git-annex does when it changes files. */
export type LocksOfCall = readonly string[] | "annex";

/**
 * Sees to the locks that one call of git takes. Git gives its own back however it ends, but for a kill: then
 * those that were not there before it began are taken away, at once, as the next finish does where all of us
 * were killed.
 */
export class WatchedLocks {
  readonly #place: LockPlace;
  readonly #locks: LocksOfCall;
  readonly #before: ReadonlyMap<string, string>;

  private constructor(place: LockPlace, locks: LocksOfCall, before: ReadonlyMap<string, string>) {
    this.#place = place;
    this.#locks = locks;
    this.#before = before;
  }

  /** Notes which locks others hold when the call is about to begin. */
  static async begin(place: LockPlace, locks: LocksOfCall): Promise<WatchedLocks> {
    return new WatchedLocks(place, locks, await lookAtLocks(await pathsOf(place, locks)));
  }

  /**
   * Takes away what a call left that was killed, or in which git-annex's own git was.
   *
   * @returns the result, with a line about that.
   */
  async clearAfter(result: RunResult): Promise<RunResult> {
    const isAnnex = this.#locks === "annex";
    // In the words of git-annex: `git [...] exited -9`.
    const isKilled = wasKilled(result) || (isAnnex && /exited -[0-9]/.test(result.stderr));
    if (!isKilled && !(isAnnex && result.code !== 0)) return result;
    // Git-annex may have failed for the very lock that a person's `git commit` holds.
    const cleared = await this.clear(isKilled ? () => true : isOfAnnexOrOurs);
    if (cleared.length === 0) return result;
    const names = cleared.map((path) => `"${path}"`).join(", ");
    return { ...result, stderr: `${result.stderr}It had left ${names}: removed.\n` };
  }

  /** Takes away those that are new and that nobody touches for a moment. */
  async clear(isWanted: (path: string) => boolean = () => true): Promise<string[]> {
    const now = await lookAtLocks(await pathsOf(this.#place, this.#locks));
    return await clearQuiet(
      new Map([...now].filter(([path, look]) => this.#before.get(path) !== look && isWanted(path))),
    );
  }
}

async function pathsOf(place: LockPlace, locks: LocksOfCall): Promise<string[]> {
  return locks === "annex" ? await locksOfUnlocking(place) : await locksOfMoving(place, locks);
}
