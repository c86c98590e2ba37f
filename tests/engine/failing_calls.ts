import { join } from "node:path";
import type { Outcome, Sandbox } from "../support/sandbox.ts";

/** A kind of system calls, and the errors that it is tried with; errno(3). */
interface CallKind {
  /** Names as strace has them. */
  readonly calls: readonly string[];
  /** What a disk, a server or the permissions answer to it. */
  readonly errors: readonly string[];
}

/** The calls that dlslurm, SQLite and git make on files. */
export const CALL_KINDS: Readonly<Record<string, CallKind>> = {
  open: {
    calls: ["openat", "open"],
    errors: ["EACCES", "ENOSPC", "EROFS", "EIO", "EMFILE", "EDQUOT"],
  },
  look: { calls: ["statx", "newfstatat", "lstat", "stat"], errors: ["EACCES", "EIO", "ESTALE"] },
  read: { calls: ["read", "pread64", "getdents64"], errors: ["EIO", "ESTALE"] },
  write: {
    calls: ["write", "pwrite64", "ftruncate", "copy_file_range"],
    errors: ["ENOSPC", "EDQUOT", "EIO"],
  },
  sync: { calls: ["fsync", "fdatasync"], errors: ["EIO", "ENOSPC"] },
  mkdir: { calls: ["mkdir", "mkdirat"], errors: ["ENOSPC", "EROFS", "EACCES", "EDQUOT"] },
  remove: { calls: ["unlink", "unlinkat", "rmdir"], errors: ["EACCES", "EROFS", "EIO"] },
  rename: { calls: ["rename", "renameat", "renameat2"], errors: ["ENOSPC", "EACCES", "EIO"] },
  touch: { calls: ["utimensat", "chmod", "fchmod"], errors: ["EPERM", "EROFS"] },
  lock: { calls: ["fcntl"], errors: ["ENOLCK", "EIO"] },
};

/** A call on one path that is to fail. */
export interface Fault {
  /** Of {@linkcode CALL_KINDS}. */
  readonly kind: string;
  /** Absolute. */
  readonly path: string;
  /** Which calls of a thread: `1` the first, `3` the third, `1+` all. */
  readonly when: string;
  /** Whether that is one call of many, neither the first nor the last. */
  readonly isMiddle: boolean;
}

const STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-s", "4096"] as const;
/** Names that another run does not have, and the databases of git-annex, which it tries to reach for minutes. */
const ACCIDENTAL_REGEXP =
  /tmp_(obj|pack)_|dlslurm-tmp-|\/objects\/(pack|[0-9a-f]{2})\b|\/\.git\/annex\//;

/**
 * Runs a command and finds the calls below `root` that it made: each kind on each path once as a whole,
 * and, where the first thread made several, the first, the middle and the last of them.
 */
export async function findFaults(
  sandbox: Sandbox,
  root: string,
  argv: readonly string[],
): Promise<Fault[]> {
  const trace = join(sandbox.root, "trace");
  const calls = Object.values(CALL_KINDS).flatMap((kind) => kind.calls).join(",");
  await sandbox.require([...STRACE, "-y", "-o", trace, "-e", `trace=${calls}`, ...argv], {
    cwd: root,
  });
  const counts = new Map<string, { readonly kind: string; readonly path: string; own: number }>();
  let firstThread: string | undefined;
  for (const line of (await Deno.readTextFile(trace)).split("\n")) {
    const [, thread, call, args] = /^(\d+) +(\w+)\((.*)/.exec(line) ?? [];
    if (call === undefined) continue;
    firstThread ??= thread;
    const kind = Object.keys(CALL_KINDS).find((each) => CALL_KINDS[each]!.calls.includes(call))!;
    // What is opened by name, or what a descriptor stands for.
    const path = /^(?:AT_FDCWD<[^>]*>, )?"([^"]*)"/.exec(args!)?.[1] ??
      /^\d+<([^>]*)>/.exec(args!)?.[1];
    if (path === undefined || !path.startsWith(root) || ACCIDENTAL_REGEXP.test(path)) continue;
    // Only SQLite locks files; others ask for a second descriptor, or for what a descriptor can do.
    if (kind === "lock" && !path.includes("sqlite")) continue;
    const key = `${kind} ${path}`;
    const count = counts.get(key) ?? { kind, path, own: 0 };
    counts.set(key, count);
    if (thread === firstThread) count.own++;
  }
  return [...counts.values()].flatMap(({ kind, path, own }) => {
    const middle = Math.ceil(own / 2);
    const single = own < 2 ? [] : [...new Set([1, middle, own])];
    return [
      { kind, path, when: "1+", isMiddle: false },
      ...single.map((at) => ({
        kind,
        path,
        when: String(at),
        isMiddle: at === middle && own > 2,
      })),
    ];
  });
}

/** Runs a command in which a call fails. */
export async function runWithFault(
  sandbox: Sandbox,
  root: string,
  argv: readonly string[],
  { kind, path, when }: Fault,
  error: string,
): Promise<Outcome> {
  const calls = CALL_KINDS[kind]!.calls.join(",");
  const inject = ["-e", `trace=${calls}`, "-e", `inject=${calls}:error=${error}:when=${when}`];
  return await sandbox.run(
    [...STRACE, "-P", path, "-o", "/dev/null", ...inject, ...argv] as [string, ...string[]],
    { cwd: root },
  );
}
