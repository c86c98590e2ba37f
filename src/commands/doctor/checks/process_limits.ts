import { ProgramNotFoundError, textOf } from "../../../process/runner.ts";
import type { Runner } from "../../../process/runner.ts";
import type { Finding } from "../finding.ts";

/** What dlslurm and git need of it, and what that is for. */
const NEEDED: readonly {
  readonly name: string;
  readonly least: number;
  readonly consequence: string;
  readonly hint: string;
}[] = [
  {
    name: "Max open files",
    least: 256,
    consequence: "git and git-annex may fail on datasets with many files",
    hint: "ulimit -n 1024",
  },
  {
    name: "Max processes",
    least: 100,
    consequence: "programs may fail to start: git, git-annex and dlslurm have threads and children",
    hint: "ulimit -u 1000",
  },
  {
    name: "Max file size",
    least: 1_000_000_000,
    consequence: "larger files cannot be written, here and in jobs, which inherit the limit",
    hint: "ulimit -f unlimited",
  },
];

/** Reads /proc/self/limits, which the runtime may not and a program may; empty where there is no such file. */
export async function readProcessLimits(runner: Runner): Promise<string> {
  try {
    return textOf((await runner.run(["cat", "/proc/self/limits"])).stdout);
  } catch (error) {
    if (error instanceof ProgramNotFoundError) return "";
    throw error;
  }
}

/**
 * What the shell allows each process: what is too little fails at some time in the middle of work.
 *
 * @param text of /proc/self/limits, proc(5).
 */
export function checkProcessLimits(text: string): Finding[] {
  const check = "process-limits";
  const findings = NEEDED.flatMap(({ name, least, consequence, hint }): Finding[] => {
    const soft = new RegExp(`^${name} +([0-9]+) `, "m").exec(text)?.[1];
    if (soft === undefined || Number(soft) >= least) return [];
    const message = `${name.toLowerCase().replace("max", "the most")}: ${soft}`;
    return [{ check, verdict: "note", message, consequence, hint }];
  });
  if (findings.length > 0 || text === "") return findings;
  return [{
    check,
    verdict: "ok",
    message: "open files, processes and file sizes suffice (ulimit)",
  }];
}
