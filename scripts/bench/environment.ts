import { answers, output } from "./measure.ts";

/** Load from which on figures say more of other work than of ours. */
const BUSY = 0.8;

/** What is measured on, without a name of the machine or of a person: label and value. */
export async function describeEnvironment(program: string): Promise<[string, string][]> {
  const cpu = /^model name\s*: (.*)$/m.exec(await Deno.readTextFile("/proc/cpuinfo"))?.[1];
  const memory = Deno.systemMemoryInfo();
  const folder = Deno.env.get("TMPDIR") ?? "/tmp";
  const lines: [string, string | undefined][] = [
    ["date", new Date().toISOString().slice(0, 10)],
    ["processors", `${navigator.hardwareConcurrency} × ${cpu ?? Deno.build.arch}`],
    ["memory", `${(memory.total / 1e9).toFixed(0)} GB`],
    [
      "file system",
      await firstLine(["sh", "-c", 'df --output=fstype "$1" | tail -1', "sh", folder]),
    ],
    ["kernel", `Linux ${/^[\d.]+/.exec(Deno.osRelease())?.[0]}`],
    ["load at the start", describeLoad(Deno.loadavg()[0]!)],
    ["dlslurm", await firstLine([program, "--version"])],
    ["git", await firstLine(["git", "--version"])],
    ["git-annex", await firstLine(["git", "annex", "version", "--raw"])],
    ["DataLad", await firstLine(["datalad", "--version"])],
    ["Slurm", await firstLine(["sbatch", "--version"])],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined);
}

/** The load, and what it means for the figures. */
export function describeLoad(load: number): string {
  const text = load.toFixed(1);
  return load < BUSY ? text : `${text}: not idle, times are too long and ratios too small`;
}

async function firstLine(argv: readonly string[]): Promise<string | undefined> {
  if (!await answers(argv)) return undefined;
  return (await output(argv, { cwd: "/", env: {} })).trim().split("\n")[0];
}
