import type { Sandbox } from "../support/sandbox.ts";

/** A process that was started in a sandbox and runs. */
interface LeftProcess {
  readonly pid: number;
  readonly command: string;
}

/** Finds them by the HOME that they all have got: some are in sessions of their own. */
export function findLeftProcesses({ home }: Sandbox): LeftProcess[] {
  const left: LeftProcess[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    // One that has ended, and waits for its parent to notice, has no environment any more.
    if (!wordsOf(`/proc/${name}/environ`).includes(`HOME=${home}`)) continue;
    left.push({ pid: Number(name), command: wordsOf(`/proc/${name}/cmdline`).join(" ") });
  }
  return left;
}

function wordsOf(file: string): string[] {
  try {
    return Deno.readTextFileSync(file).split("\0");
  } catch {
    return []; // it has ended meanwhile, or is somebody else's
  }
}
