/** A process that runs: what it was started with. */
interface ProcessStart {
  /** The words of its command line. */
  readonly words: readonly string[];
  /** Its environment, `NAME=value` each. */
  readonly env: readonly string[];
}

/** Numbers of the processes that `isWanted` picks; those that have ended have no words any more. */
export function findProcesses(isWanted: (start: ProcessStart) => boolean): number[] {
  const found: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [words, env] = ["cmdline", "environ"].map((file) =>
        Deno.readTextFileSync(`/proc/${name}/${file}`).split("\0").slice(0, -1)
      );
      if (isWanted({ words: words!, env: env! })) found.push(Number(name));
    } catch {
      // It ended while we looked, or is somebody else's.
    }
  }
  return found;
}
