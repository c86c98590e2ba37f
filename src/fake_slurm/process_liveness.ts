import {
  isSameBoot,
  isStillRunning,
  ownIdentity,
  type ProcessIdentity,
  statCommand,
} from "../process/process_identity.ts";

/** How often processes that nobody waits for are looked for, in milliseconds: a look costs a process. */
export const LOSS_POLL_MS = 1000;

/**
 * Whether the very process that `identity` names still runs; one of another host counts as gone. It
 * answers at once, for use inside a transaction, which the `Runner` interface cannot.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  const own = ownIdentity();
  if (!isSameBoot(identity, own)) return false;
  // A process that had our number before us started earlier.
  if (identity.pid === own.pid) return identity.startedS >= own.startedS - 1;
  const [program, ...args] = statCommand(identity);
  const { code, stdout, stderr } = new Deno.Command(program, {
    args,
    env: { LC_ALL: "C" },
    stdin: "null",
  }).outputSync();
  const decoder = new TextDecoder();
  return isStillRunning(identity, {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  });
}
