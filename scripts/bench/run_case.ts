import { join } from "node:path";
import { countProcesses, measure, output } from "./measure.ts";
import type { Measurement, Place } from "./measure.ts";
import type { Operation, Sample } from "./sample.ts";
import { JOB_NAME, lastJobOf, letJobsFail, waitForJobs, writeMissingOutputs } from "./scheduler.ts";
import type { Scheduler } from "./scheduler.ts";
import { spreadOf } from "./summary.ts";
import type { Tool } from "./tool.ts";

/** One place in the two plots: so many open jobs in a repository of so many files. */
export interface Case {
  readonly scheduler: Scheduler;
  /** At least {@linkcode SINGLE_JOBS}. */
  readonly jobs: number;
  readonly files: number;
  /** Absolute; used by all tools, each with jobs of its own, so that they work under the same conditions. */
  readonly dataset: string;
  /** Those that can do this many jobs; the first one is the reference. */
  readonly tools: readonly Tool[];
  /** How often the whole life of the jobs is gone through. */
  readonly repeats: number;
  /** Whether processes are counted, too, in one more repeat. */
  readonly observes: boolean;
  /** For files of the benchmark's own. */
  readonly folder: string;
}

/** Jobs of each repeat that are scheduled one by one, and timed. */
export const SINGLE_JOBS = 5;
const LISTINGS = 5;
const BARE_RUNS = 10;
/** Bulk schedules of these rounds have their retries. */
const RETRY_ROUNDS = 10_000;
/** Often enough to see the peak of a program that runs for 60 ms. */
const CLOSE_LOOK_MS = 1;

/** Whose time `bare sacct` is. */
const SACCT = { name: "Slurm" };

type Observed = Partial<Record<Operation, { peakMb: number | null; processes: number | null }>>;

/** Measures one case and hands over each sample as it comes. */
export async function runCase(it: Case, record: (sample: Sample) => void): Promise<void> {
  const run = new CaseRun(it, record);
  if (it.observes) await run.observe();
  for (let repeat = 0; repeat < it.repeats; repeat++) await run.repeat(repeat);
}

class CaseRun {
  readonly #case: Case;
  readonly #place: Place;
  readonly #record: (sample: Sample) => void;
  readonly #observed = new Map<Pick<Tool, "name">, Observed>();
  #jobs = 0;
  #lastWritten = 0;

  constructor(it: Case, record: (sample: Sample) => void) {
    this.#case = it;
    this.#place = { cwd: it.dataset, env: it.scheduler.env };
    this.#record = record;
  }

  /** Goes through the life of as few jobs as there can be, counting processes and looking at memory. */
  async observe(): Promise<void> {
    const { tools, folder } = this.#case;
    for (const tool of tools) {
      const seen: Observed = {};
      const look = async (operation: Operation, argv: readonly string[]) => {
        const processes = await countProcesses(argv, this.#place, folder);
        seen[operation] = { peakMb: null, processes };
      };
      await look("schedule", await this.#scheduleArgs(tool));
      const { peakMb } = await measure(await this.#scheduleArgs(tool), this.#place, CLOSE_LOOK_MS);
      seen["schedule"] = { ...seen["schedule"]!, peakMb };
      await this.#letJobsEnd();
      await look("list", listArgs(tool));
      await look("finish", finishArgs(tool));
      this.#observed.set(tool, seen);
    }
  }

  /** Opens the jobs, schedules the last ones singly, lists and finishes all. */
  async repeat(repeat: number): Promise<void> {
    const { tools, jobs, scheduler } = this.#case;
    for (const tool of tools) await this.#openJobs(tool, jobs - SINGLE_JOBS, repeat);
    for (let job = 0; job < SINGLE_JOBS; job++) {
      const round = repeat * 100 + job;
      for (const tool of turned(tools, job)) {
        const bare = await measure(bareSbatch(), this.#barePlace(), 0);
        const argv = await this.#scheduleArgs(tool);
        const whole = await measure(argv, this.#place, 0);
        this.#add("schedule", tool, round, whole, 1, bare.seconds);
      }
    }
    await this.#letJobsEnd();
    for (let listing = 0; listing < LISTINGS; listing++) {
      const asked = await measure(bareSacct(), this.#place, 0);
      this.#add("bare sacct", SACCT, repeat * 100 + listing, asked, 1, 0);
      for (const tool of turned(tools, listing)) {
        const listed = await measure(listArgs(tool), this.#place);
        this.#add("list", tool, repeat * 100 + listing, listed, 1, 0);
      }
    }
    for (const tool of turned(tools, repeat)) {
      const before = await this.#countCommits();
      const finished = await measure(finishArgs(tool), this.#place);
      const commits = await this.#countCommits() - before;
      if (commits !== jobs) {
        throw new Error(`${tool.name} made ${commits} commits of ${jobs} jobs (${scheduler.name})`);
      }
      this.#add("finish", tool, repeat, finished, jobs, 0);
    }
    for (const tool of tools) {
      if (tool.hasBulk) await this.#retryJobs(tool, jobs, RETRY_ROUNDS + repeat);
    }
  }

  /** Where jobs do not really run they can all fail: submits them, and submits them again. */
  async #retryJobs(tool: Tool, count: number, round: number): Promise<void> {
    const { scheduler } = this.#case;
    if (scheduler.stateFolder === undefined) return;
    await this.#openJobs(tool, count, round);
    await letJobsFail(scheduler, true);
    const retried = await measure([...tool.argv, "retry", "--yes"], this.#place);
    this.#add("retry", tool, round, retried, count, 0);
    await output([...tool.argv, "finish", "--close-failed-jobs"], this.#place);
    await letJobsFail(scheduler, false);
    this.#lastWritten = await lastJobOf(scheduler);
  }

  async #openJobs(tool: Tool, count: number, repeat: number): Promise<void> {
    if (!tool.hasBulk) {
      for (let job = 0; job < count; job++) {
        await output(await this.#scheduleArgs(tool), this.#place);
      }
      return;
    }
    const bare: number[] = [];
    for (let turn = 0; turn < BARE_RUNS; turn++) {
      bare.push((await measure(bareSbatch(), this.#barePlace(), 0)).seconds);
    }
    const table = join(this.#case.folder, "table.csv");
    let rows = "folder,log\n";
    for (let job = 0; job < count; job++) {
      const { folder, log } = await this.#nextPlaces();
      rows += `${folder},${log}\n`;
    }
    await Deno.writeTextFile(table, rows);
    const words = jobCommand("{folder}", "{log}");
    const argv = [...tool.argv, "schedule", "--from", table, "-o", "{folder}", ...words];
    const whole = await measure(argv, this.#place);
    this.#add("bulk schedule", tool, repeat, whole, count, spreadOf(bare).median);
  }

  async #scheduleArgs(tool: Tool): Promise<string[]> {
    const { folder, log } = await this.#nextPlaces();
    return [...tool.argv, "slurm-schedule", "-o", folder, ...jobCommand(folder, log)];
  }

  /**
   * Where the next job writes. Two levels each: a folder of 10,000 entries would be written again with
   * each commit. Slurm makes no folder for a log.
   */
  async #nextPlaces(): Promise<{ readonly folder: string; readonly log: string }> {
    const number = this.#jobs++;
    const part = `${this.#case.jobs}/${Math.floor(number / 100)}`;
    await Deno.mkdir(join(this.#case.dataset, "logs", part), { recursive: true });
    return { folder: `out/${part}/${number}`, log: `logs/${part}/slurm-%j.out` };
  }

  async #letJobsEnd(): Promise<void> {
    const { scheduler, dataset } = this.#case;
    this.#lastWritten = await writeMissingOutputs(scheduler, dataset, this.#lastWritten);
    await waitForJobs(scheduler, dataset);
  }

  async #countCommits(): Promise<number> {
    const argv = ["git", "rev-list", "--count", "HEAD"];
    return Number(await output(argv, this.#place));
  }

  #barePlace(): Place {
    return { cwd: this.#case.folder, env: this.#case.scheduler.env };
  }

  #add(
    operation: Operation,
    tool: Pick<Tool, "name">,
    round: number,
    { seconds, peakMb }: Measurement,
    units: number,
    sbatchSeconds: number,
  ): void {
    const { scheduler, jobs, files } = this.#case;
    const observed = this.#observed.get(tool)?.[operation];
    this.#record({
      operation,
      slurm: scheduler.name,
      jobs,
      files,
      tool: tool.name,
      round,
      seconds,
      units,
      sbatchSeconds,
      peakMb: peakMb ?? observed?.peakMb ?? null,
      processes: observed?.processes ?? null,
    });
  }
}

function jobCommand(folder: string, log: string): string[] {
  return ["sbatch", "-J", JOB_NAME, "-o", log, "job.sh", folder];
}

function bareSbatch(): string[] {
  return ["sbatch", "-J", JOB_NAME, "-o", "/dev/null", "--wrap", "true"];
}

/** What every listing waits for; without a word of which jobs, since the tools choose them in their own ways. */
function bareSacct(): string[] {
  return ["sacct", "--noheader", "-X", "--parsable2", "--format=JobID,State", "--name", JOB_NAME];
}

function listArgs(tool: Tool): string[] {
  return [...tool.argv, "slurm-finish", "--list-open-jobs"];
}

function finishArgs(tool: Tool): string[] {
  return [...tool.argv, "slurm-finish"];
}

/** Each tool comes first in turn: the first one pays for caches that the others find warm. */
function turned<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
