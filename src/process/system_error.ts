import { dirname } from "node:path";
import { UserError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { hintForLimit } from "./system_limits.ts";

/** A system call that failed, as the runtime tells of it. */
interface Failure {
  /** The system's name of the error, errno(3): `ENOSPC`. */
  readonly errno: string;
  /** What was called: `open`, `writefile`; empty where the runtime does not say. */
  readonly call: string;
  /** What it was called for; of several the last, which is the one that is written. */
  readonly path: string | undefined;
  /** The system's own words. */
  readonly words: string;
}

/** `No space left on device (os error 28): writefile '/a/b'`, also without what stands behind the colon. */
const RUNTIME_REGEXP = /^(.*) \(os error (\d+)\)(?:: (\S+)(?: ('.*'))?)?$/s;
/** `ENOSPC: no space left on device, open '/a/b'` */
const NODE_REGEXP = /^E[A-Z0-9]+: (.*?), (\S+)(?: ('.*'))?$/s;

/** Errors that the runtime has no name for, by Linux' number. */
const NUMBERS: Readonly<Record<string, string>> = {
  "107": "ENOTCONN",
  "108": "ESHUTDOWN",
  "112": "EHOSTDOWN",
  "116": "ESTALE",
  "121": "EREMOTEIO",
  "122": "EDQUOT",
};

/** What a call does to its path, for a person. */
const DEEDS: Readonly<Record<string, string>> = {
  open: "open",
  readfile: "read",
  writefile: "write",
  mkdir: "make the folder",
  tmpdir: "make a folder for temporary files",
  remove: "remove",
  unlink: "remove",
  rmdir: "remove",
  rename: "put a new file in the place of",
  copy: "write",
  link: "make the link",
  symlink: "make the link",
  chmod: "change the permissions of",
  utime: "set the times of",
  lutime: "set the times of",
  lstat: "look at",
  stat: "look at",
  readlink: "read the link",
  realpath: "follow",
  readdir: "look into",
  scandir: "look into",
  chdir: "go to",
};
/** Calls that change the folder that their path is in, where that is not there yet or goes. */
const CHANGES_OF_FOLDERS = /^(mkdir|remove|unlink|rmdir|rename|link|symlink|copy)$/;

const AGAIN = "then run the same command again: it takes up where this one stopped";
const ROOM: Advice = ["DISK", `free space, ${AGAIN}`];
const TROUBLE: Advice = [
  "DISK",
  `wait until the file system is well again (dmesg, or whoever runs it, knows), ${AGAIN}`,
];

type Advice = readonly [ErrorCode, string];

/** What to do, by the system's name of the error. */
const ADVICE: Readonly<Record<string, Advice>> = {
  ENOSPC: ROOM,
  EFBIG: ROOM,
  EDQUOT: ["DISK", `free space, or have your quota raised (quota -s shows it), ${AGAIN}`],
  EROFS: [
    "DISK",
    `have the file system mounted for writing, ${AGAIN}`,
  ],
  EIO: TROUBLE,
  ESTALE: TROUBLE,
  ENXIO: TROUBLE,
  ENODEV: TROUBLE,
  EREMOTEIO: TROUBLE,
  ENOTCONN: TROUBLE,
  ESHUTDOWN: TROUBLE,
  ETIMEDOUT: TROUBLE,
  EHOSTDOWN: TROUBLE,
  ENOLCK: TROUBLE,
  ELOOP: ["DISK", `fix the symbolic links: they form a loop, ${AGAIN}`],
  ENOENT: ["DISK", `see whether something else moves or removes files here, ${AGAIN}`],
};

/**
 * The error for a call to the system that failed: full, read-only and broken disks, missing permissions,
 * files that somebody else takes away. `undefined` for what is no such thing.
 *
 * Where more is known of what was being done, and of what helps, that is said there; this is for all other
 * calls, so that no such error is ever taken for a bug.
 */
export function explainSystemError(error: unknown): UserError | undefined {
  const failure = failureOf(error);
  if (failure === undefined) return undefined;
  const { errno, path } = failure;
  const isDenied = errno === "EACCES" || errno === "EPERM";
  const [code, hint] = adviceFor(errno);
  return new UserError(
    isDenied ? "PERMISSION" : code,
    `Cannot ${deedOf(failure)}: ${failure.words}`,
    {
      hint: isDenied ? hintForDenied(path, CHANGES_OF_FOLDERS.test(failure.call)) : hint,
      cause: error,
    },
  );
}

/** The system's own words for why a call failed, without what was called; `undefined` as above. */
export function systemWords(error: unknown): string | undefined {
  return failureOf(error)?.words;
}

function adviceFor(errno: string): Advice {
  const limit = hintForLimit(errno);
  if (limit !== undefined) return ["LIMIT", limit];
  return ADVICE[errno] ?? ["DISK", `fix what the message says, ${AGAIN}`];
}

/**
 * An error as one that a user can act on: itself, or what {@linkcode explainSystemError} makes of it.
 *
 * @throws {unknown} The error itself where it is neither.
 */
export function toUserError(error: unknown): UserError {
  if (error instanceof UserError) return error;
  const explained = explainSystemError(error);
  if (explained === undefined) throw error;
  return explained;
}

function failureOf(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, message } = error as Error & { code?: unknown };
  const told = RUNTIME_REGEXP.exec(message);
  if (told !== null) {
    const [, words, number, call, paths] = told;
    const errno = NUMBERS[number!] ?? String(code);
    return { errno, call: call ?? "", path: lastOf(paths), words: words! };
  }
  // The runtime's own codes have an underscore: ERR_INVALID_ARG_TYPE.
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  const [, words, call, paths] = NODE_REGEXP.exec(message) ?? [];
  return { errno: code, call: call ?? "", path: lastOf(paths), words: words ?? message };
}

/** `'/a' -> '/b'` → `/b` */
function lastOf(paths: string | undefined): string | undefined {
  return paths?.slice(1, -1).split("' -> '").at(-1);
}

function deedOf({ call, path }: Failure): string {
  const deed = DEEDS[call];
  if (deed === undefined) return path === undefined ? "go on" : `use "${path}"`;
  return path === undefined ? deed : `${deed} "${path}"`;
}

/**
 * What helps somebody who may not touch `path`: whose it is, and how a repository is shared.
 *
 * @param changesFolder whether what was refused is a change of the folder that it is in.
 */
function hintForDenied(path: string | undefined, changesFolder: boolean): string {
  if (path === undefined) return `see to the permissions, ${AGAIN}`;
  const [place, info] = findGuard(changesFolder ? dirname(path) : path);
  if (info === undefined || info.uid === null) return `see who may (ls -ld "${place}"), ${AGAIN}`;
  if (info.uid === Deno.uid()) return `"${place}" is yours: chmod u+rwX "${place}", ${AGAIN}`;
  return `"${place}" belongs to ${nameOfUser(info.uid)}: have that user ${
    isOfGit(place) ? `share the repository with a group (${SHARING})` : "give you access"
  }, or run the command`;
}

/** How a repository is shared by the users of a group; git-config(1), core.sharedRepository. */
export const SHARING: string = "git config core.sharedRepository group, and chmod -R g+rwX .git";

function isOfGit(path: string): boolean {
  return path.split("/").includes(".git");
}

/** The user ID of the owner of what is at `path`, the link itself where it is one; `undefined` if that is not told. */
export function ownerOf(path: string): number | undefined {
  try {
    return Deno.lstatSync(path).uid ?? undefined;
  } catch {
    return undefined;
  }
}

/** The first of `path` and the folders above it that can be looked at. */
function findGuard(path: string): [string, Deno.FileInfo | undefined] {
  for (let place = path;; place = dirname(place)) {
    try {
      return [place, Deno.statSync(place)];
    } catch {
      if (place === dirname(place)) return [path, undefined];
    }
  }
}

/** The name of the user with this ID where /etc/passwd tells it; `the user with ID 4001` elsewhere. */
export function nameOfUser(uid: number): string {
  try {
    for (const line of Deno.readTextFileSync("/etc/passwd").split("\n")) {
      const [name, , id] = line.split(":");
      if (id === String(uid)) return name!;
    }
  } catch {
    // A machine without such a file has its users elsewhere.
  }
  return `the user with ID ${uid}`;
}
