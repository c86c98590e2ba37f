import { UserError } from "../errors.ts";
import { readTextIfPresent, removeIfPresent } from "./if_present.ts";
import type { Runner } from "../process/runner.ts";
import { livenessOf, ownIdentity, parseIdentity } from "../process/process_identity.ts";

/**
 * The right to do what only one process at a time may do: a file, created exclusively, that names its
 * holder. A lease whose holder is dead is taken over; one from another host is never broken, since
 * nobody here can tell whether its holder still runs.
 */
export class Lease implements AsyncDisposable {
  readonly #path: string;
  /** Whether a holder that died had left the lease behind. */
  readonly wasStale: boolean;

  private constructor(path: string, wasStale: boolean) {
    this.#path = path;
    this.wasStale = wasStale;
  }

  /**
   * Takes the lease at `path`.
   *
   * @param purpose what the holder does, for the message: "finish".
   * @throws {UserError} `LEASE_HELD` if another process holds it.
   */
  static async take(path: string, purpose: string, runner: Runner): Promise<Lease> {
    const content = JSON.stringify({ ...ownIdentity(), purpose, since: new Date().toISOString() });
    for (let wasStale = false;; wasStale = true) {
      if (await createExclusively(path, content)) return new Lease(path, wasStale);
      const holder = await readHolder(path, runner);
      if (holder === undefined) continue; // released just now
      if (holder.kind === "held") throw held(path, purpose, holder.text);
      await bury(path, holder.content);
    }
  }

  /** Gives the lease back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await removeIfPresent(this.#path);
  }
}

interface Holder {
  readonly kind: "held" | "dead";
  /** For the message. */
  readonly text: string;
  readonly content: string;
}

/** Takes a stale lease away; of several who try at once, one does. */
async function bury(path: string, staleContent: string): Promise<void> {
  const grave = `${path}.stale-${crypto.randomUUID()}`;
  try {
    await Deno.rename(path, grave);
    // Another process may have buried the stale one and taken the lease meanwhile: give that back.
    if (await Deno.readTextFile(grave) !== staleContent) await Deno.link(grave, path);
    await Deno.remove(grave);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function createExclusively(path: string, content: string): Promise<boolean> {
  try {
    await Deno.writeTextFile(path, content, { createNew: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
}

async function readHolder(path: string, runner: Runner): Promise<Holder | undefined> {
  const content = await readTextIfPresent(path);
  if (content === undefined) return undefined;
  const holder = parseIdentity(content);
  // Created and not yet written, or its writer died in between: only a person can tell.
  if (holder === undefined) return { kind: "held", text: "an unnamed process", content };
  const kind = await livenessOf(holder, runner) === "dead" ? "dead" : "held";
  const since = /"since":"([^"]*)"/.exec(content)?.[1] ?? "an unknown time";
  return { kind, text: `process ${holder.pid} on host "${holder.host}" since ${since}`, content };
}

function held(path: string, purpose: string, holder: string): UserError {
  return new UserError(
    "LEASE_HELD",
    `Cannot ${purpose} now: another ${purpose} is at work, ${holder}`,
    {
      hint: `wait for it; if you know that it has died: rm "${path}"`,
    },
  );
}
