// Measures dlslurm as its users see it, whole commands from outside: start-up, schedule beyond bare
// sbatch, schedule from a table, list, and finish, against the number of open jobs and of files in the
// repository. Writes a table, two plots (SVG) and every single run (JSON, CSV).
// usage: deno task bench [--quick] [--slow-fs COMMAND] [--peer COMMAND] [--publish] …; deno task bench
// --help tells all
// needs: git; with git-annex and datalad the datasets are those of `datalad create -c text2git`, with
// strace processes are counted. Takes about 15 minutes and 3 GB below TMPDIR, --quick half a minute.
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { split } from "shlex";
import { makeDataset } from "./bench/dataset.ts";
import { describeEnvironment, describeLoad } from "./bench/environment.ts";
import { measure, output } from "./bench/measure.ts";
import { publish, publishSlow } from "./bench/publish.ts";
import { runCase, SINGLE_JOBS } from "./bench/run_case.ts";
import type { Case } from "./bench/run_case.ts";
import { parseReport } from "./bench/sample.ts";
import type { Report, Sample } from "./bench/sample.ts";
import {
  cancelJobs,
  findRealSlurm,
  startFakeSlurm,
  writeScriptedSlurm,
} from "./bench/scheduler.ts";
import type { Scheduler } from "./bench/scheduler.ts";
import { measureSlow, renderSlow } from "./bench/slow_fs.ts";
import type { SlowSample } from "./bench/slow_fs.ts";
import { summarise } from "./bench/summary.ts";
import { milliseconds, renderTable } from "./bench/table.ts";
import { ownTool } from "./bench/tool.ts";
import type { Tool } from "./bench/tool.ts";
import { say, write } from "./say.ts";

interface Options {
  readonly jobs: readonly number[];
  readonly files: readonly number[];
  readonly slurm: "real" | "fake" | "scripted";
  readonly scriptedFrom: number;
  readonly repeats: number;
  readonly peer: string | undefined;
  readonly peerJobs: number;
  readonly peerFiles: number;
  readonly quick: boolean;
  readonly program: string | undefined;
  readonly output: string;
  readonly publish: boolean;
  readonly redraw: string | undefined;
  readonly slowFs: string | undefined;
  readonly slowFsCounts: string;
  readonly callMs: number;
  readonly fsyncMs: number;
}

/** What --quick measures: every part of the benchmark once, nothing that means anything. */
const QUICK = {
  jobs: [SINGLE_JOBS + 1, 12],
  files: [0, 1_000],
  slurm: "scripted",
  repeats: 1,
} as const;
const START_UPS = 20;
const QUICK_START_UPS = 3;
/** All repeats of a case together have no more jobs than that; with a peer fewer, it is slow. */
const MOST_JOBS = 3_000;
const MOST_JOBS_WITH_PEER = 200;
/** From here on a repository alone takes minutes to make: once is enough. */
const MANY_FILES = 1_000_000;

const project = fileURLToPath(new URL("..", import.meta.url));
let isInterrupted = false;
// Ctrl-C reaches the programs that are measured, too; what is left of them is then removed.
Deno.addSignalListener("SIGINT", () => isInterrupted = true);

function readOptions(args: readonly string[]): Options {
  const command = new Command("deno task bench")
    .description("Measures dlslurm, and another tool beside it, against jobs and files.")
    .addOption(
      list("--jobs <counts>", "numbers of open jobs, with the least number of files", [
        10,
        100,
        1_000,
        10_000,
      ]),
    )
    .addOption(
      list("--files <counts>", "files in the repository, with the least number of jobs", [
        0,
        10_000,
        100_000,
        1_000_000,
      ]),
    )
    .addOption(
      new Option(
        "--slurm <which>",
        "real (the one on PATH), fake (the embedded one), or scripted: answers at once and runs nothing",
      )
        .choices(["real", "fake", "scripted"]).default("real"),
    )
    .option(
      "--scripted-from <jobs>",
      "number of jobs from which on it is the scripted one, since Slurm itself would be measured",
      Number,
      1_000,
    )
    .option("--repeats <n>", "how often small cases are gone through", Number, 3)
    .option("--peer <command>", "another tool that speaks slurm-schedule and slurm-finish")
    .option("--peer-jobs <n>", "most open jobs that it is measured with", Number, 100)
    .option("--peer-files <n>", "most files that it is measured with", Number, 100_000)
    .option("--quick", "a small version, to see that the benchmark works", false)
    .option("--program <file>", "what to measure instead of a freshly built dist/dlslurm")
    .option("--output <folder>", "where the results go", join(project, "dist", "bench"))
    .option("--publish", "write the results to docs/", false)
    .addOption(
      new Option(
        "--slow-fs <command>",
        "measure only schedule, list and finish on a slow file system that COMMAND mounts: see " +
          "docs/performance.md for what it must do",
      ).env("DLSLURM_SLOW_FS"),
    )
    .addOption(
      new Option("--slow-fs-counts <name>", "a look at this name has it tell what was called")
        .env("DLSLURM_SLOW_FS_COUNTS").default(".counts"),
    )
    .option("--call-ms <ms>", "what each call of the slow file system waits", Number, 1)
    .option("--fsync-ms <ms>", "what each fsync waits", Number, 5)
    .option("--redraw <file>", "measure nothing: table and plots of an earlier benchmark.jsonl")
    .parse([...args], { from: "user" });
  const given = command.opts<Options>();
  if (!given.quick) return given;
  const isGiven = ([name]: [string, unknown]) => command.getOptionValueSource(name) === "cli";
  return { ...given, ...QUICK, ...Object.fromEntries(Object.entries(given).filter(isGiven)) };
}

function list(flags: string, description: string, normal: readonly number[]): Option {
  return new Option(flags, description).default(normal, normal.join())
    .argParser((text) => text.split(",").map(Number).sort((a, b) => a - b));
}

async function findTools(options: Options) {
  const program = options.program === undefined ? await build() : resolve(options.program);
  const tools = [await ownTool(program)];
  if (options.peer !== undefined) {
    const argv = split(options.peer);
    const limits = { mostJobs: options.peerJobs, mostFiles: options.peerFiles };
    tools.push({ name: "peer", argv, hasBulk: false, ...limits });
  }
  return { program, tools };
}

/** With scripted answers, which a peer may not understand: with one it is the Slurm that is asked for. */
async function measureSlowly(options: Options, command: string, folder: string): Promise<void> {
  const { program, tools } = await findTools(options);
  const { usual, scripted } = await findSchedulers(options, program, folder);
  const scheduler = options.peer === undefined ? scripted : usual;
  const { slowFsCounts: countsName, callMs, fsyncMs } = options;
  const load = describeLoad(Deno.loadavg()[0]!);
  const mounting = { argv: split(command), countsName, callMs, fsyncMs };
  const samples: SlowSample[] = [];
  for (const jobs of options.jobs.filter((count) => count < options.scriptedFrom)) {
    samples.push(...await measureSlow(mounting, { tools, jobs, scheduler, folder }));
  }
  const table = renderSlow(samples);
  const target = options.publish ? join(project, "docs") : options.output;
  const places =
    `- a call waits ${callMs} ms, an fsync ${fsyncMs} ms\n- load at the start: ${load}\n`;
  await publishSlow(`${places}\n${table}`, target);
  await say(`${table}${target}`);
}

async function measureAll(options: Options, folder: string): Promise<Report> {
  const { program, tools } = await findTools(options);
  const environment = await describeEnvironment(program);
  const samples: Sample[] = [];
  await measureStartUp(tools, folder, options.quick ? QUICK_START_UPS : START_UPS, samples);
  const schedulers = await findSchedulers(options, program, folder);
  for (const { jobs, files } of placesOf(options)) {
    if (isInterrupted) throw new Error("Cannot go on: interrupted, nothing was written");
    const scheduler = jobs < options.scriptedFrom ? schedulers.usual : schedulers.scripted;
    const able = tools.filter((tool) => jobs <= tool.mostJobs && files <= tool.mostFiles);
    const most = able.length > 1 ? MOST_JOBS_WITH_PEER : MOST_JOBS;
    const own = {
      scheduler,
      jobs,
      files,
      tools: able,
      repeats: files >= MANY_FILES
        ? 1
        : Math.max(1, Math.min(options.repeats, Math.floor(most / jobs))),
      observes: jobs === options.jobs[0],
      folder,
    };
    await measureCase(own, samples);
  }
  const command = ["deno task bench", ...withoutPeer(Deno.args)].join(" ");
  return { version: 1, environment, command, samples };
}

/** All numbers of jobs in the smallest repository, then all repositories with the fewest jobs. */
function placesOf({ jobs, files }: Options): { readonly jobs: number; readonly files: number }[] {
  return [
    ...jobs.map((count) => ({ jobs: count, files: files[0]! })),
    ...files.slice(1).map((count) => ({ jobs: jobs[0]!, files: count })),
  ];
}

/** What fails is said and left out: the other cases may have taken a quarter of an hour. */
async function measureCase(own: Omit<Case, "dataset">, samples: Sample[]): Promise<void> {
  const start = performance.now();
  await write(`${own.jobs} jobs, ${own.files} files, ${own.scheduler.name} Slurm: `);
  const dataset = await makeDataset(own.folder, own.files);
  const measured: Sample[] = [];
  try {
    await runCase({ ...own, dataset }, (sample) => measured.push(sample));
  } catch (error) {
    await cancelJobs(own.scheduler, dataset);
    await say(`${error}`);
    Deno.exitCode = 1;
    return;
  } finally {
    await remove(dataset);
  }
  samples.push(...measured);
  for (const { of, time } of summarise(measured, "dlslurm")) {
    if (of.tool === "dlslurm") await write(`${of.operation} ${milliseconds(time.median)} ms, `);
  }
  await say(`${((performance.now() - start) / 1000).toFixed(0)} s`);
}

async function measureStartUp(
  tools: readonly Tool[],
  cwd: string,
  rounds: number,
  samples: Sample[],
) {
  const peaks = new Map<Tool, number | null>();
  for (let round = -1; round < rounds; round++) {
    for (const tool of tools) {
      // Memory is looked at in the first run only, which warms the caches: that takes time.
      const isFirst = round < 0;
      const look = isFirst ? 1 : 0;
      const { seconds, peakMb } = await measure(
        [...tool.argv, "--version"],
        { cwd, env: {} },
        look,
      );
      if (isFirst) {
        peaks.set(tool, peakMb);
        continue;
      }
      samples.push({
        operation: "start-up",
        slurm: "",
        jobs: 0,
        files: 0,
        tool: tool.name,
        round,
        seconds,
        units: 1,
        sbatchSeconds: 0,
        peakMb: peaks.get(tool) ?? null,
        processes: null,
      });
    }
  }
}

async function findSchedulers(options: Options, program: string, folder: string) {
  const scripted = await writeScriptedSlurm(folder);
  let usual: Scheduler | undefined = scripted;
  if (options.slurm === "fake") usual = await startFakeSlurm(program, folder);
  if (options.slurm === "real") {
    usual = await findRealSlurm();
    if (usual === undefined) await say("no Slurm answers here: the embedded one takes its place");
    usual ??= await startFakeSlurm(program, folder);
  }
  return { usual, scripted };
}

/** The peer's place on this machine is nobody's business. */
function withoutPeer(args: readonly string[]): string[] {
  return args.map((word, at) => args[at - 1] === "--peer" ? "DATALAD" : word);
}

async function build(): Promise<string> {
  const argv = [Deno.execPath(), "run", "-A", join(project, "scripts", "build.ts")];
  await output(argv, { cwd: project, env: {} });
  return join(project, "dist", "dlslurm");
}

async function remove(folder: string): Promise<void> {
  // git-annex makes its objects and their folders read-only.
  const place = { cwd: "/", env: {} };
  await output(["chmod", "-R", "u+w", folder], place);
  await output(["rm", "-rf", folder], place);
}

const options = readOptions(Deno.args);
const folder = await Deno.makeTempDir({ prefix: "dlslurm-bench-" });
try {
  if (options.slowFs !== undefined) {
    await measureSlowly(options, options.slowFs, folder);
  } else await measureUsually();
} finally {
  await remove(folder);
}

async function measureUsually(): Promise<void> {
  const report = options.redraw === undefined
    ? await measureAll(options, folder)
    : parseReport(await Deno.readTextFile(options.redraw));
  const target = options.publish ? join(project, "docs") : options.output;
  await publish(report, target);
  if (options.publish) {
    const argv = [Deno.execPath(), "fmt", "--quiet", join(target, "performance.md")];
    await output(argv, { cwd: project, env: {} });
  }
  await say(`${renderTable(summarise(report.samples, "dlslurm"))}${target}`);
}
