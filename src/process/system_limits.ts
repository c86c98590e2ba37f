import { UserError } from "../errors.ts";

/** What the user has too much of, and what helps. */
interface Limit {
  /** The end of a sentence. */
  readonly reason: string;
  readonly hint: string;
}

const AGAIN = "then run the same command again";

/** What helps who may start no more processes. */
export const MORE_PROCESSES: string =
  `end some (ps -u "$USER" shows them), or raise the limit (ulimit -u), ${AGAIN}`;

/** By the system's name of the error, errno(3). */
const LIMITS: Readonly<Record<string, Limit>> = {
  EAGAIN: {
    reason: "you may start no more processes on this machine",
    hint: MORE_PROCESSES,
  },
  ENOMEM: {
    reason: "there is not enough memory",
    hint: `see what takes it (free -m; limits of your own: ulimit -a), ${AGAIN}`,
  },
  E2BIG: {
    reason: "its arguments and the environment are longer than the system takes",
    hint: "name fewer things on the command line, or have less in the environment",
  },
  EMFILE: {
    reason: "no more files can be opened",
    hint: `allow more (ulimit -n), ${AGAIN}`,
  },
  ENFILE: {
    reason: "this machine has too many files open",
    hint: `wait a while, ${AGAIN}`,
  },
  ENAMETOOLONG: {
    reason: "a name or path is longer than the file system takes",
    hint: "choose shorter names: most file systems take 255 bytes for each part of a path",
  },
};

/**
 * The error for a limit of the system that stopped a call; `undefined` if it was nothing of the kind.
 *
 * @param action what could not be done, as `start "git"`.
 */
export function limitReached(error: unknown, action: string): UserError | undefined {
  if (error instanceof UserError) return undefined;
  const limit = LIMITS[errnoOf(error)];
  if (limit === undefined) return undefined;
  const { reason, hint } = limit;
  return new UserError("LIMIT", `Cannot ${action}: ${reason}`, {
    detail: (error as Error).message,
    hint,
    cause: error,
  });
}

/** What helps who has met a limit, by the system's name of the error; `undefined` if that is none. */
export function hintForLimit(errno: string): string | undefined {
  return LIMITS[errno]?.hint;
}

/** The system's name of the error that a call ended with; empty if it is none. */
export function errnoOf(error: unknown): string {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}

/** What programs say when they meet a limit, by the system's name for that. */
const WORDS: readonly (readonly [words: RegExp, errno: string])[] = [
  // A shell says no more than "Cannot fork"; git's "cannot fork to run X" is of any reason why X does not run.
  [/(fork|thread|process|exec|spawn).*Resource temporarily unavailable|cannot fork$/im, "EAGAIN"],
  [/Cannot allocate memory|out of memory/i, "ENOMEM"],
  [/Argument list too long/, "E2BIG"],
  [/Too many open files in system/, "ENFILE"],
  [/Too many open files/, "EMFILE"],
];

/**
 * The error for another program that failed since it met a limit; `undefined` if it failed for another
 * reason.
 *
 * @param command as a person would type it, without arguments.
 * @param stderr the program's own words.
 */
export function limitFailure(command: string, stderr: string): UserError | undefined {
  const errno = WORDS.find(([words]) => words.test(stderr))?.[1];
  if (errno === undefined) return undefined;
  const { reason, hint } = LIMITS[errno]!;
  return new UserError("LIMIT", `Cannot go on: ${command} failed, ${reason}`, {
    detail: stderr,
    hint,
  });
}
