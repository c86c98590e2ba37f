import { UserError } from "../errors.ts";
import { livenessOf, ownIdentity, parseIdentity } from "../process/process_identity.ts";
import type { Runner } from "../process/runner.ts";
import { readTextIfPresent, removeIfPresent, statIfPresent } from "./if_present.ts";

/** Runs `work` while no other process of this dataset does the same. */
export type Exclusively = <T>(work: () => T) => T;

/** A lease that was created and not written for this long has lost its writer. */
const LONGEST_WRITE_MS = 60_000;

/**
 * The right to do what only one process at a time may do: a file, created exclusively, that names its
 * holder. A lease whose holder is dead is taken over; one from another host is never broken, since
 * nobody here can tell whether its holder still runs.
 */
export class Lease implements AsyncDisposable {
  readonly #path: string;
  /** Whether it was taken over from a holder that had died. */
  readonly wasStale: boolean;

  private constructor(path: string, wasStale: boolean) {
    this.#path = path;
    this.wasStale = wasStale;
  }

  /**
   * Takes the lease at `path`.
   *
   * @param purpose what the holder does, for the message: "finish".
   * @param exclusively guards a take-over: of several who find the holder dead, one replaces it.
   * @throws {UserError} `LEASE_HELD` if another process holds it.
   */
  static async take(
    path: string,
    purpose: string,
    runner: Runner,
    exclusively: Exclusively,
  ): Promise<Lease> {
    const content = JSON.stringify({ ...ownIdentity(), purpose, since: new Date().toISOString() });
    for (;;) {
      if (createExclusively(path, content)) return new Lease(path, false);
      const holder = await readHolder(path, runner);
      if (holder === undefined) continue; // released just now
      if (holder.isAlive) throw held(path, purpose, holder.text);
      if (exclusively(() => replace(path, holder.content, content))) return new Lease(path, true);
    }
  }

  /** Gives the lease back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeIfPresent(this.#path);
  }
}

interface Holder {
  readonly isAlive: boolean;
  /** For the message. */
  readonly text: string;
  readonly content: string;
}

/** Writes at once what names us: a reader sees an empty file for an instant only. */
function createExclusively(path: string, content: string): boolean {
  try {
    Deno.writeTextFileSync(path, content, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // Created, but the disk is full: an empty lease would block everybody.
    if (!(error instanceof Deno.errors.NotFound)) Deno.removeSync(path);
    throw error;
  }
}

/** Puts our content in place of a dead holder's, unless somebody else has been faster. */
function replace(path: string, staleContent: string, content: string): boolean {
  try {
    if (Deno.readTextFileSync(path) !== staleContent) return false;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
  const next = `${path}.next`;
  Deno.writeTextFileSync(next, content);
  Deno.renameSync(next, path);
  return true;
}

async function readHolder(path: string, runner: Runner): Promise<Holder | undefined> {
  const content = await readTextIfPresent(path);
  const info = await statIfPresent(path);
  if (content === undefined || info === undefined) return undefined;
  const holder = parseIdentity(content);
  if (holder === undefined) {
    const isAlive = Date.now() - (info.mtime?.getTime() ?? 0) < LONGEST_WRITE_MS;
    return { isAlive, text: "an unnamed process", content };
  }
  const isAlive = await livenessOf(holder, runner) !== "dead";
  const since = /"since":"([^"]*)"/.exec(content)?.[1] ?? "an unknown time";
  return {
    isAlive,
    text: `process ${holder.pid} on host "${holder.host}" since ${since}`,
    content,
  };
}

function held(path: string, purpose: string, holder: string): UserError {
  return new UserError(
    "LEASE_HELD",
    `Cannot ${purpose} now: another ${purpose} is at work, ${holder}`,
    { hint: `wait for it; if you know that it has died: rm "${path}"` },
  );
}
