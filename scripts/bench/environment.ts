import { answers, output } from "./measure.ts";

/** What is measured on, without a name of the machine or of a person: label and value. */
export async function describeEnvironment(program: string): Promise<[string, string][]> {
  const cpu = /^model name\s*: (.*)$/m.exec(await Deno.readTextFile("/proc/cpuinfo"))?.[1];
  const memory = Deno.systemMemoryInfo();
  const folder = Deno.env.get("TMPDIR") ?? "/tmp";
  const lines: [string, string | undefined][] = [
    ["date", new Date().toISOString().slice(0, 10)],
    ["processors", `${navigator.hardwareConcurrency} × ${cpu ?? Deno.build.arch}`],
    ["memory", `${(memory.total / 1e9).toFixed(0)} GB`],
    ["file system", await firstLine(["stat", "-f", "-c", "%T", folder])],
    ["kernel", `Linux ${Deno.osRelease()}`],
    ["load at the start", Deno.loadavg()[0]!.toFixed(1)],
    ["dlslurm", await firstLine([program, "--version"])],
    ["git", await firstLine(["git", "--version"])],
    ["git-annex", await firstLine(["git", "annex", "version", "--raw"])],
    ["DataLad", await firstLine(["datalad", "--version"])],
    ["Slurm", await firstLine(["sbatch", "--version"])],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined);
}

async function firstLine(argv: readonly string[]): Promise<string | undefined> {
  if (!await answers(argv)) return undefined;
  return (await output(argv, { cwd: "/", env: {} })).trim().split("\n")[0];
}
