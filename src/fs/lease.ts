import { UserError } from "../errors.ts";
import { livenessOf, parseIdentity } from "../process/process_identity.ts";
import type { ProcessIdentity } from "../process/process_identity.ts";
import type { Runner } from "../process/runner.ts";
import { lstatIfPresent } from "./if_present.ts";
import { makeLockLink, readLockLink, removeLockLink } from "./lock_link.ts";

/** Runs `work` while no other process of this dataset does the same. */
export type Exclusively = <T>(work: () => T) => T;

/** Who wants a lease, and for what. */
interface LeaseTaker {
  /** The process that will hold it. */
  readonly process: ProcessIdentity;
  /** What it does, for the message to others: "finish". */
  readonly purpose: string;
}

/**
 * The right to do what only one process at a time may do: a lock that names its holder. A lease whose
 * holder is certainly dead is taken over; of any other a person decides.
 */
export class Lease implements AsyncDisposable {
  readonly #path: string;
  readonly #text: string;
  /** When it was taken, milliseconds since 1970 by the clock of the file system. */
  readonly takenMs: number;
  /**
   * Since when a holder that died had it, milliseconds since 1970 by the clock of the file system: what it
   * may have left is as young. `undefined` if the lease was free.
   */
  readonly deadSinceMs: number | undefined;

  private constructor(path: string, text: string, takenMs: number, deadSinceMs?: number) {
    this.#path = path;
    this.#text = text;
    this.takenMs = takenMs;
    this.deadSinceMs = deadSinceMs;
  }

  /**
   * Takes the lease at `path`.
   *
   * @param exclusively guards a take-over: of several who find the holder dead, one replaces it.
   * @throws {UserError} `LEASE_HELD` if another process holds it, or it is not known whether it does.
   */
  static async take(
    path: string,
    taker: LeaseTaker,
    runner: Runner,
    exclusively: Exclusively,
  ): Promise<Lease> {
    const { process, purpose } = taker;
    const text = renderHolder(process, purpose);
    for (;;) {
      if (makeLockLink(path, text)) return new Lease(path, text, await timeOf(path) ?? Date.now());
      const madeMs = await timeOf(path);
      const found = await readLockLink(path);
      if (found === undefined) continue; // released just now
      const holder = await lookAtHolder(found, process, runner);
      if (!holder.isDead) throw held(path, purpose, holder.text);
      // Should we be killed, too, before all is cleared up: the next one must look as far back.
      const deadSinceMs = readDeadSince(found) ?? madeMs ?? 0;
      const heir = JSON.stringify({ ...JSON.parse(text), deadSinceMs });
      if (exclusively(() => replace(path, found, heir))) {
        return new Lease(path, heir, await timeOf(path) ?? Date.now(), deadSinceMs);
      }
    }
  }

  /** Whether the lease is still ours: a person may have taken it away. */
  async isHeld(): Promise<boolean> {
    return await readLockLink(this.#path) === this.#text;
  }

  /** Gives the lease back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeLockLink(this.#path, this.#text);
  }
}

/** When a lock was made, by the clock of its file system; `undefined` if it is gone. */
async function timeOf(path: string): Promise<number | undefined> {
  return (await lstatIfPresent(path))?.mtime?.getTime();
}

/** What a holder had found when it took the lease over. */
function readDeadSince(text: string): number | undefined {
  const since = /"deadSinceMs":([0-9.]+)/.exec(text)?.[1];
  return since === undefined ? undefined : Number(since);
}

/** What others read of the holder of a lock, `since` included; each call gives another text. */
export function renderHolder(process: ProcessIdentity, purpose: string): string {
  const since = new Date().toISOString();
  return JSON.stringify({ ...process, purpose, since, id: crypto.randomUUID().slice(0, 8) });
}

/** What is known of the holder of a lock. */
export interface Holder {
  /** Whether it certainly runs no more. */
  readonly isDead: boolean;
  /** For a person: "process 12 on host "login1" since …". */
  readonly text: string;
}

/** Looks at whoever wrote `text` as {@linkcode renderHolder} does. */
export async function lookAtHolder(
  text: string,
  own: ProcessIdentity,
  runner: Runner,
): Promise<Holder> {
  const identity = parseIdentity(text);
  if (identity === undefined) return { isDead: false, text: "a process that is not named" };
  const liveness = await livenessOf(identity, own, runner);
  const since = /"since":"([^"]*)"/.exec(text)?.[1] ?? "an unknown time";
  const name = `process ${identity.pid} on host "${identity.host}" since ${since}`;
  return {
    isDead: liveness === "dead",
    text: liveness === "unknown"
      ? `${name}; whether it still runs cannot be seen from here (another host or container)`
      : name,
  };
}

/** Puts our text in place of a dead holder's, unless somebody else has been faster. */
function replace(path: string, staleText: string, text: string): boolean {
  const next = `${path}.next`;
  try {
    const isLink = Deno.lstatSync(path).isSymlink;
    const found = isLink ? Deno.readLinkSync(path) : Deno.readTextFileSync(path);
    if (found !== staleText) return false;
    removeNow(next); // of one that was killed here
    makeLockLink(next, text);
    Deno.renameSync(next, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function removeNow(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function held(path: string, purpose: string, holder: string): UserError {
  return new UserError(
    "LEASE_HELD",
    `Cannot ${purpose} now: another ${purpose} is at work, ${holder}`,
    {
      unchanged: "Nothing was changed",
      hint: `wait for it; if you know that it has died: rm "${path}"`,
    },
  );
}
