// Measures dlslurm as its users see it, whole commands from outside: start-up, schedule beyond bare
// sbatch, list, and finish per job, with the embedded Slurm and, when one answers, with a real one.
// usage: deno task bench [--jobs 10,200] [--peer 'datalad'] [--slurm fake|real|both] [--program FILE]
//   --peer     another tool that speaks slurm-schedule and slurm-finish, measured in the same run
//   --program  what to measure instead of a freshly built dist/dlslurm
// needs: git; with git-annex and datalad the dataset is one of `datalad create -c text2git`.
import { join } from "node:path";
import { Command } from "commander";
import { split } from "shlex";

interface Tool {
  readonly name: string;
  readonly argv: readonly string[];
}

interface Measurement {
  readonly seconds: number;
  /** High-water mark of the process's resident memory (proc(5), VmHWM), in MB. */
  readonly peakMb: number;
}

interface Row {
  readonly what: string;
  readonly slurm: string;
  readonly jobs: number | null;
  readonly tool: string;
  readonly values: readonly number[];
  readonly peakMb: number;
}

/** Text for git and a binary for the annex. */
const JOB_SCRIPT = `#!/bin/sh
#SBATCH --job-name=bench
echo "$SLURM_JOB_ID" > number.txt
seq 100 > table.csv
{ printf '\\000\\001'; head -c 2000 /dev/urandom; } > fields.bin
`;

const START_UPS = 15;
const LISTINGS = 5;

const project = new URL("..", import.meta.url).pathname;
const options = new Command("bench")
  .option("--jobs <counts>", "numbers of jobs", "10,200")
  .option("--peer <command>", "another tool to measure beside dlslurm")
  .option("--slurm <which>", "fake, real or both", "both")
  .option("--program <file>", "the program to measure")
  .parse([...Deno.args], { from: "user" })
  .opts<{ jobs: string; peer?: string; slurm: string; program?: string }>();
const folder = await Deno.makeTempDir({ prefix: "dlslurm-bench-" });
const program = options.program ?? await build();
const tools: Tool[] = [
  { name: "dlslurm", argv: [program] },
  ...(options.peer === undefined ? [] : [{ name: options.peer, argv: split(options.peer) }]),
];
const encoder = new TextEncoder();
const rows: Row[] = [];

try {
  await measureStartUp();
  for (const slurm of await slurms()) {
    for (const jobs of options.jobs.split(",").map(Number)) {
      for (const tool of tools) await measureJobs(tool, slurm, jobs);
    }
  }
  say(renderTable());
} finally {
  await new Deno.Command("chmod", { args: ["-R", "u+w", folder] }).output();
  await Deno.remove(folder, { recursive: true });
}

interface Slurm {
  readonly name: string;
  readonly env: Record<string, string>;
}

async function slurms(): Promise<Slurm[]> {
  const found: Slurm[] = [];
  if (options.slurm !== "real") {
    const directory = join(folder, "fake");
    await output([program, "fake-slurm", "env", "--dir", directory], folder, {});
    const path = `${join(directory, "bin")}:${Deno.env.get("PATH")}`;
    found.push({ name: "fake", env: { PATH: path, DLSLURM_FAKE_SLURM_DIR: directory } });
  }
  if (options.slurm !== "fake") {
    if (await answers(["scontrol", "ping"])) found.push({ name: "real", env: {} });
    else say("no real Slurm answers: only the embedded one is measured\n");
  }
  return found;
}

async function measureStartUp(): Promise<void> {
  for (const tool of tools) {
    const runs = await times(START_UPS, () => measure([...tool.argv, "--version"], folder, {}));
    note("start-up (--version)", "", null, tool, runs);
  }
}

/** Schedules `jobs` jobs of three files each, lists them, and finishes them. */
async function measureJobs(tool: Tool, slurm: Slurm, jobs: number): Promise<void> {
  say(`${tool.name}, ${slurm.name} Slurm, ${jobs} jobs …\n`);
  const dataset = await makeDataset();
  const beyond: Measurement[] = [];
  for (let job = 0; job < jobs; job++) {
    const out = `out/${job}`;
    await Deno.mkdir(join(dataset, out), { recursive: true });
    const sbatch = ["sbatch", "-o", "/dev/null", "../../job.sh"];
    const cwd = join(dataset, out);
    const bare = await measure(["sbatch", "-o", "/dev/null", "--wrap", "true"], cwd, slurm.env);
    const whole = await measure(
      [...tool.argv, "slurm-schedule", "-o", ".", ...sbatch],
      cwd,
      slurm.env,
    );
    beyond.push({ seconds: whole.seconds - bare.seconds, peakMb: whole.peakMb });
  }
  note("schedule beyond bare sbatch", slurm.name, jobs, tool, beyond);
  await waitForJobs(slurm, dataset);
  const listings = await times(
    jobs > 50 ? Math.min(3, LISTINGS) : LISTINGS,
    () => measure([...tool.argv, "slurm-finish", "--list-open-jobs"], dataset, slurm.env),
  );
  note("list", slurm.name, jobs, tool, listings);
  const finish = await measure([...tool.argv, "slurm-finish"], dataset, slurm.env);
  note("finish per job", slurm.name, jobs, tool, [
    { seconds: finish.seconds / jobs, peakMb: finish.peakMb },
  ]);
  const commits = await output(
    ["git", "rev-list", "--count", "--grep=SLURM RUN", "HEAD"],
    dataset,
    {},
  );
  if (Number(commits) !== jobs) {
    throw new Error(`${tool.name} made ${commits.trim()} commits of ${jobs}`);
  }
}

async function makeDataset(): Promise<string> {
  const dataset = await Deno.makeTempDir({ dir: folder, prefix: "dataset-" });
  const isDatalad = await answers(["datalad", "--version"]) &&
    await answers(["git", "annex", "version"]);
  if (isDatalad) await output(["datalad", "create", "-f", "-c", "text2git", dataset], folder, {});
  else await output(["git", "init", "-q", "-b", "main", dataset], folder, {});
  await Deno.writeTextFile(join(dataset, "job.sh"), JOB_SCRIPT, { mode: 0o755 });
  await output(["git", "config", "user.name", "Bench"], dataset, {});
  await output(["git", "config", "user.email", "bench@example.org"], dataset, {});
  await output(["git", "add", "job.sh"], dataset, {});
  await output(["git", "commit", "-q", "-m", "Add job script"], dataset, {});
  return dataset;
}

async function waitForJobs(slurm: Slurm, cwd: string): Promise<void> {
  while ((await output(["squeue", "-h"], cwd, slurm.env)).trim() !== "") {
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  // Accounting lags behind the queue.
  const states = () =>
    output(["sacct", "-n", "-X", "-P", "-o", "State", "-s", "R,PD"], cwd, slurm.env);
  while ((await states()).trim() !== "") await new Promise((resolve) => setTimeout(resolve, 500));
}

async function times(count: number, run: () => Promise<Measurement>): Promise<Measurement[]> {
  const runs: Measurement[] = [];
  await run(); // the first one warms the caches
  for (let turn = 0; turn < count; turn++) runs.push(await run());
  return runs;
}

async function measure(
  argv: readonly string[],
  cwd: string,
  env: Record<string, string>,
): Promise<Measurement> {
  const start = performance.now();
  const child = new Deno.Command(argv[0]!, {
    args: argv.slice(1),
    cwd,
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let peakKb = 0;
  let isOver = false;
  const watch = (async () => {
    while (!isOver) {
      const status = await Deno.readTextFile(`/proc/${child.pid}/status`).catch(() => "");
      peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await child.status;
  const seconds = (performance.now() - start) / 1000;
  isOver = true;
  await watch;
  return { seconds, peakMb: peakKb / 1000 };
}

async function output(argv: readonly string[], cwd: string, env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(argv[0]!, {
    args: argv.slice(1),
    cwd,
    env,
  })
    .output();
  if (code !== 0) throw new Error(`${argv.join(" ")} failed:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

async function answers(argv: readonly string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(argv[0]!, {
      args: argv.slice(1),
      stdout: "null",
      stderr: "null",
    })
      .output()).success;
  } catch {
    return false;
  }
}

async function build(): Promise<string> {
  await output([Deno.execPath(), "run", "-A", join(project, "scripts", "build.ts")], project, {});
  return join(project, "dist", "dlslurm");
}

function note(
  what: string,
  slurm: string,
  jobs: number | null,
  tool: Tool,
  runs: readonly Measurement[],
): void {
  rows.push({
    what,
    slurm,
    jobs,
    tool: tool.name,
    values: runs.map((run) => run.seconds),
    peakMb: Math.max(...runs.map((run) => run.peakMb)),
  });
}

function renderTable(): string {
  const head = ["what", "Slurm", "jobs", "tool", "median ms", "min", "max", "runs", "peak MB"];
  const body = rows.map((row) => {
    const sorted = [...row.values].sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)]!;
    return [
      row.what,
      row.slurm,
      row.jobs === null ? "" : String(row.jobs),
      row.tool,
      ...[median, sorted[0]!, sorted.at(-1)!].map((value) => (value * 1000).toFixed(1)),
      String(sorted.length),
      row.peakMb.toFixed(0),
    ];
  });
  const widths = head.map((_, at) =>
    Math.max(...[head, ...body].map((cells) => cells[at]!.length))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at]!)).join(" | ")} |\n`;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + body.map(line).join("");
}

function say(text: string): void {
  Deno.stdout.writeSync(encoder.encode(text));
}
