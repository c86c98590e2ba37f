import { UserError } from "../errors.ts";
import { ifPresent } from "../fs/if_present.ts";
import type { RunResult } from "../process/runner.ts";

/** Of a program that others start for us only the exit status tells, 128 and the signal's number. */
export function wasKilled({ code, signal }: Pick<RunResult, "code" | "signal">): boolean {
  return signal !== null || code > GIT_USAGE;
}

/** git-die 128, usage 129: what git itself ends with. */
const GIT_USAGE = 129;

/**
 * The error for a call that another's lock was in the way of; `undefined` if it failed for another reason.
 *
 * @param command as a person would type it, without arguments.
 * @param stderr the program's own words.
 */
export function lockHeld(command: string, stderr: string): UserError | undefined {
  const path = /Unable to create '(.+\.lock)': File exists/.exec(stderr)?.[1];
  const made = path === undefined ? undefined : ifPresent(() => Deno.lstatSync(path))?.mtime;
  if (!made) return undefined;
  return new UserError(
    "GIT_FAILED",
    `Cannot go on: ${command} needs "${path}", which another process holds; it is ${
      ageOfLock(made)
    } s old`,
    { detail: stderr, hint: hintForLock(path!) },
  );
}

/** What git says where it cannot read an object that has to be there. */
const BAD_OBJECT_REGEXP =
  /^(?:error|fatal): (object file \S+ is empty|(?:loose|packed) object .* is corrupt|(?:bad tree object|unable to read tree) .*)$/m;

/**
 * The error for a call that found the repository damaged, as a power cut leaves it; `undefined` if it failed for
 * another reason.
 *
 * @param command as a person would type it, without arguments.
 * @param stderr the program's own words.
 */
export function damageFound(command: string, stderr: string): UserError | undefined {
  if (/index file (?:smaller than expected|corrupt)/.test(stderr)) {
    return new UserError("GIT_FAILED", `Cannot go on: ${command} found the index damaged`, {
      detail: stderr,
      hint: "if git status says so as well, recreate it from HEAD, with nothing staged: " +
        'rm "$(git rev-parse --git-path index)"; git reset; then run the same command again',
    });
  }
  const words = BAD_OBJECT_REGEXP.exec(stderr)?.[1];
  if (words === undefined) return undefined;
  return new UserError(
    "GIT_FAILED",
    `Cannot go on: ${command} found the repository damaged: ${words}`,
    {
      detail: stderr,
      hint: "git fsck --full names all of it: remove the files of objects that are damaged, then " +
        "git fetch --refetch CLONE brings back what another clone has",
    },
  );
}

/** How many seconds ago a lock was made, for a person; 0 where that is not known. */
export function ageOfLock(made: Date | null | undefined): number {
  return made ? Math.max(0, Math.round((Date.now() - made.getTime()) / 1000)) : 0;
}

/** What helps against a lock that another process holds, or has left. */
export function hintForLock(path: string): string {
  return "wait for the other git command; if there is none, it crashed: " +
    `rm "${path}", then run the same command again`;
}

/** What helps where somebody has killed a program of ours. */
export const AFTER_KILL = "run the same command again; where memory had run out, with more of it";

/** How a program ended, for the end of a sentence. */
export function renderEnd({ code, signal }: Pick<RunResult, "code" | "signal">): string {
  if (!wasKilled({ code, signal })) return `ended with exit status ${code}`;
  return `was killed by ${signal ?? `signal ${code - 128}`}`;
}
