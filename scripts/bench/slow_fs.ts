import { basename, join } from "node:path";
import { markdownTable } from "markdown-table";
import { makeDataset } from "./dataset.ts";
import { measure, output } from "./measure.ts";
import type { Place } from "./measure.ts";
import { JOB_NAME, releaseJobs, waitForJobs, writeMissingOutputs } from "./scheduler.ts";
import type { Scheduler } from "./scheduler.ts";
import { pause, SlowMount } from "./slow_mount.ts";
import type { SlowMountOptions } from "./slow_mount.ts";
import { milliseconds, times } from "./table.ts";
import type { Tool } from "./tool.ts";

/** One command, or all of its kind, on a slow file system. */
export interface SlowSample {
  readonly operation: "schedule" | "list" | "finish";
  readonly jobs: number;
  readonly tool: string;
  /** All these for each job, but for list. */
  readonly seconds: number;
  readonly calls: number;
  readonly fsyncs: number;
}

/** What the figures are held against: what is to be reached with a call of 1 ms and an fsync of 5. */
const GOALS: Readonly<Record<string, string>> = {
  "schedule 10": "250 ms, 100 calls, 6 fsyncs",
  "list 10": "200 ms, 60 calls",
  "finish 10": "250 ms",
  "finish 200": "60 ms",
};

/** Names and properties are kept for a second, as NFS does it. */
const FORGOTTEN_MS = 1_100;

/**
 * Measures the life of `jobs` jobs for each tool in a dataset of its own on a slow file system: schedule one
 * by one, list, finish.
 *
 * @param folder for files of the benchmark's own, on a local disk.
 */
export async function measureSlow(
  options: SlowMountOptions,
  { tools, jobs, scheduler, folder }: {
    readonly tools: readonly Tool[];
    readonly jobs: number;
    readonly scheduler: Scheduler;
    readonly folder: string;
  },
): Promise<SlowSample[]> {
  const samples: SlowSample[] = [];
  for (const tool of tools.filter(({ mostJobs }) => jobs <= mostJobs)) {
    const place = await Deno.makeTempDir({ dir: folder, prefix: "slow-" });
    await using mount = await SlowMount.mount(place, options);
    const made = await makeDataset(mount.backing, 0);
    const dataset = join(mount.folder, basename(made));
    const run = new SlowRun(mount, tool, { dataset, scheduler, jobs });
    samples.push(...await run.goThrough(made));
  }
  return samples;
}

class SlowRun {
  readonly #mount: SlowMount;
  readonly #tool: Tool;
  readonly #scheduler: Scheduler;
  readonly #place: Place;
  readonly #jobs: number;

  constructor(
    mount: SlowMount,
    tool: Tool,
    { dataset, scheduler, jobs }: {
      readonly dataset: string;
      readonly scheduler: Scheduler;
      readonly jobs: number;
    },
  ) {
    this.#mount = mount;
    this.#tool = tool;
    this.#scheduler = scheduler;
    this.#place = { cwd: dataset, env: scheduler.env };
    this.#jobs = jobs;
  }

  /** @param made where the dataset lies at the speed of the disk. */
  async goThrough(made: string): Promise<SlowSample[]> {
    const jobs = this.#jobs;
    const { argv } = this.#tool;
    await Deno.mkdir(join(made, "logs"));
    const before = await this.#countCommits();
    // The first one makes the store, and warms what is cached elsewhere.
    await output(this.#scheduleArgs("first"), this.#place);
    const schedule = await this.#watch("schedule", jobs, async () => {
      let seconds = 0;
      for (let job = 0; job < jobs; job++) {
        seconds += (await measure(this.#scheduleArgs(String(job)), this.#place, 0)).seconds;
      }
      return seconds;
    });
    await releaseJobs(this.#scheduler, this.#place.cwd);
    await writeMissingOutputs(this.#scheduler, this.#place.cwd, 0);
    await waitForJobs(this.#scheduler, this.#place.cwd);
    const list = await this.#watch("list", 1, async () => {
      const words = [...argv, "slurm-finish", "--list-open-jobs"];
      return (await measure(words, this.#place, 0)).seconds;
    });
    const finish = await this.#watch("finish", jobs + 1, async () => {
      return (await measure([...argv, "slurm-finish"], this.#place, 0)).seconds;
    });
    const commits = await this.#countCommits() - before;
    if (commits !== jobs + 1) {
      throw new Error(`${this.#tool.name} made ${commits} commits of ${jobs + 1} jobs`);
    }
    return [schedule, list, finish];
  }

  async #watch(
    operation: SlowSample["operation"],
    units: number,
    work: () => Promise<number>,
  ): Promise<SlowSample> {
    await pause(FORGOTTEN_MS);
    await this.#mount.takeCounts();
    const seconds = await work();
    const { calls, fsyncs } = await this.#mount.takeCounts();
    return {
      operation,
      jobs: this.#jobs,
      tool: this.#tool.name,
      seconds: seconds / units,
      calls: calls / units,
      fsyncs: fsyncs / units,
    };
  }

  #scheduleArgs(name: string): string[] {
    // Held until all are scheduled: what the jobs do themselves is not to be counted.
    const hold = this.#scheduler.stateFolder === undefined ? ["-H"] : [];
    const words = [...hold, "-J", JOB_NAME, "-o", "logs/slurm-%j.out", "job.sh", `out/${name}`];
    const sbatch = ["sbatch", ...words];
    return [...this.#tool.argv, "slurm-schedule", "-o", `out/${name}`, ...sbatch];
  }

  async #countCommits(): Promise<number> {
    return Number(await output(["git", "rev-list", "--count", "HEAD"], this.#place));
  }
}

/** All samples as a Markdown table; times a job, but for list. */
export function renderSlow(samples: readonly SlowSample[]): string {
  const head = ["what", "jobs", "tool", "ms", "calls", "fsyncs", "ratio", "goal"];
  const rows = samples.map((sample) => {
    const { operation, jobs, tool, seconds, calls, fsyncs } = sample;
    const own = samples.find((other) =>
      other.tool === "dlslurm" && other.operation === operation && other.jobs === jobs
    );
    const isOwn = own === sample || own === undefined;
    return [
      operation,
      String(jobs),
      tool,
      milliseconds(seconds),
      calls.toFixed(0),
      fsyncs.toFixed(1),
      isOwn ? "" : times(seconds / own.seconds),
      isOwn ? GOALS[`${operation} ${jobs}`] ?? "" : "",
    ];
  });
  const align = head.map((name) => ["what", "tool", "goal"].includes(name) ? "l" : "r");
  return markdownTable([head, ...rows], { align }) + "\n";
}
