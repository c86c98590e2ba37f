import { textOf } from "./runner.ts";
import type { Runner } from "./runner.ts";

/** The runtime may not look into /proc, a shell may; `-ef`: the same file. */
const FIND_WRITER = 'for fd in /proc/[0-9]*/fd/1; do [ "$fd" -ef "$1" ] || continue; ' +
  'pid=${fd#/proc/}; echo "${pid%%/*}"; exit; done';

/**
 * Finds a process on this machine whose standard output goes to a file; with one child process.
 *
 * @returns its process ID; `undefined` if there is none that this user may look at.
 */
export async function findWriter(file: string, runner: Runner): Promise<number | undefined> {
  const { stdout } = await runner.run(["/bin/sh", "-c", FIND_WRITER, "sh", file]);
  const pid = Number.parseInt(textOf(stdout));
  return Number.isNaN(pid) ? undefined : pid;
}
