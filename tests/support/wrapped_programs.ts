import { join } from "node:path";
import { DLSLURM } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

/** One start of a watched program. */
export interface Call {
  readonly program: string;
  readonly args: readonly string[];
  /** Number of the process that started it. */
  readonly parentPid: number;
}

const FIELD_END = "\x1f";
const RECORD_END = "\0";

/**
 * Puts a program of the test's own in front of the one called `name`: lines of a POSIX shell script, in
 * which `$REAL` is the program that it hides (empty if there is none) and `$0` its own path.
 */
export async function wrapProgram(sandbox: Sandbox, name: string, script: string): Promise<void> {
  const real = await findProgram(sandbox, name);
  const path = join(sandbox.programs, name);
  await Deno.writeTextFile(path, `#!/bin/sh\nREAL=${quote(real ?? "")}\n${script}\n`);
  await Deno.chmod(path, 0o755);
}

/** Puts the program that is tested on the sandbox's PATH, for scripts that call `dlslurm`. */
export async function wrapDlslurm(sandbox: Sandbox): Promise<void> {
  await wrapProgram(sandbox, "dlslurm", `exec ${DLSLURM.map(quote).join(" ")} "$@"`);
}

/** Takes a program of the test's own away again. */
export async function unwrapProgram(sandbox: Sandbox, name: string): Promise<void> {
  await Deno.remove(join(sandbox.programs, name));
}

/** What sbatch says when the user has as many jobs as the site allows. */
export const LIMIT_REACHED = "sbatch: error: AssocMaxSubmitJobLimit\n" +
  "sbatch: error: Batch job submission failed: " +
  "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";

/** What sbatch says when the site does not know the partition. */
export const PARTITION_REFUSED = "sbatch: error: invalid partition specified: none\n" +
  "sbatch: error: Batch job submission failed: Invalid partition name specified";

/** Scripts for {@linkcode wrapProgram}: what programs do on a bad day. */
export const MISBEHAVIOUR = {
  /** Prints `message` on standard error and ends with `status`. */
  fail: (message: string, status = 1) => `printf '%s\\n' ${quote(message)} >&2; exit ${status}`,
  /** Never answers. */
  hang: () => "exec sleep 600",
  /** Prints `text` and ends well. */
  print: (text: string) => `printf '%s' ${quote(text)}`,
  /** Prints `banner` before it does its work. */
  greet: (banner: string) => `printf '%s\\n' ${quote(banner)}; exec "$REAL" "$@"`,
  /**
   * Does its work, then kills a process as the kernel does when memory runs out.
   *
   * @param pidFile where the test writes the number of the process; it is waited for.
   */
  workThenKill: (pidFile: string) => `"$REAL" "$@"; ${killProcessIn(pidFile)}`,
  /** Kills a process before any work is done. */
  killFirst: (pidFile: string) => killProcessIn(pidFile),
  /** Runs `command` before it does its work when `condition`, a shell command, holds. */
  runBefore: (condition: string, command: string) =>
    `if ${condition}; then ${command}; fi; exec "$REAL" "$@"`,
} as const;

function killProcessIn(pidFile: string): string {
  const file = quote(pidFile);
  return `while [ ! -s ${file} ]; do sleep 0.02; done; kill -9 "$(cat ${file})"`;
}

/** A log of every start of some programs. */
export class CallLog {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /**
   * Watches `names`, those of the test's own among them; the programs do what they always do. One that
   * is not on PATH stays like that, and nothing starts it.
   */
  static async watch(sandbox: Sandbox, names: readonly string[]): Promise<CallLog> {
    const file = join(sandbox.root, "calls.log");
    await Deno.writeTextFile(file, "");
    await putBehind(sandbox, names);
    // One write for one call: several processes may write at once.
    const script = `call="$PPID${FIELD_END}\${0##*/}"\n` +
      `for word; do call="$call${FIELD_END}$word"; done\n` +
      `printf '%s\\0' "$call" >>${quote(file)}\nexec "$REAL" "$@"`;
    for (const name of names) {
      if (await findProgram(sandbox, name) !== undefined) await wrapProgram(sandbox, name, script);
    }
    return new CallLog(file);
  }

  /** The calls so far, oldest first; those that the process `parentPid` made, if it is given. */
  async read(parentPid?: number): Promise<Call[]> {
    const records = (await Deno.readTextFile(this.#file)).split(RECORD_END).slice(0, -1);
    const calls = records.map((record) => {
      const [pid, program, ...args] = record.split(FIELD_END);
      return { program: program!, args, parentPid: Number(pid) };
    });
    return parentPid === undefined ? calls : calls.filter((call) => call.parentPid === parentPid);
  }

  /** Forgets the calls so far. */
  async clear(): Promise<void> {
    await Deno.writeTextFile(this.#file, "");
  }
}

/** Moves programs of the test's own to a folder that stands next on PATH, where a wrapper finds them. */
async function putBehind(sandbox: Sandbox, names: readonly string[]): Promise<void> {
  const behind = join(sandbox.root, "watched programs");
  await Deno.mkdir(behind);
  for (const name of await namesIn(sandbox.programs)) {
    if (names.includes(name)) {
      await Deno.rename(join(sandbox.programs, name), join(behind, name));
    }
  }
  const own = `${sandbox.programs}:`;
  sandbox.env["PATH"] = sandbox.env["PATH"]!.replace(own, `${own}${behind}:`);
}

/**
 * The sandbox's PATH without the named programs: a folder that holds one of them gives way to a folder
 * of links to everything else in it.
 */
export async function pathWithout(sandbox: Sandbox, names: readonly string[]): Promise<string> {
  const folders: string[] = [];
  for (const folder of sandbox.env["PATH"]!.split(":")) {
    const programs = await namesIn(folder);
    if (!names.some((name) => programs.includes(name))) {
      folders.push(folder);
      continue;
    }
    const links = await Deno.makeTempDir({ dir: sandbox.root, prefix: "path-" });
    for (const name of programs) {
      if (!names.includes(name)) await Deno.symlink(join(folder, name), join(links, name));
    }
    folders.push(links);
  }
  return folders.join(":");
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function findProgram(sandbox: Sandbox, name: string): Promise<string | undefined> {
  for (const folder of sandbox.env["PATH"]!.split(":")) {
    if (folder === sandbox.programs) continue;
    try {
      if ((await Deno.stat(join(folder, name))).isFile) return join(folder, name);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/** Quotes for a POSIX shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
