import { UserError } from "../../errors.ts";
import type { AccountingEvidence } from "../../jobs/evidence.ts";
import { stateWord } from "../../jobs/job_state.ts";
import { parseDuration } from "../../jobs/queue_entries.ts";
import { textOf } from "../../process/runner.ts";
import { runSlurm } from "../../slurm/slurm_command.ts";
import type { SlurmClient } from "../../slurm/slurm_command.ts";

/** By how much a job gets more than it had. */
export interface GrowthFactors {
  /** Of the time limit, after TIMEOUT. */
  readonly time: number;
  /** Of the memory, after OUT_OF_MEMORY. */
  readonly memory: number;
}

/** The usual factors of other workflow tools: half as much time again, twice the memory. */
const USUAL: GrowthFactors = { time: 1.5, memory: 2 };

/**
 * Reads `time=2,memory=1.5`; what is not named grows as usual.
 *
 * @throws {UserError} `USAGE`
 */
export function parseGrowth(text: string): GrowthFactors {
  const factors = { ...USUAL };
  for (const part of text.split(",").filter((each) => each !== "")) {
    const [, name, factor] = /^(time|memory)=([0-9]+(?:\.[0-9]+)?)$/.exec(part.trim()) ?? [];
    if (name === undefined || Number(factor) <= 1) {
      throw new UserError(
        "USAGE",
        `Cannot read "${part}" as a growth: a factor above 1 is needed`,
        {
          hint: "--grow, or --grow time=2,memory=1.5",
        },
      );
    }
    factors[name as keyof GrowthFactors] = Number(factor);
  }
  return factors;
}

/** What a job is to get, or why it cannot get more. */
export interface Growth {
  /** Options of sbatch. */
  readonly options: readonly string[];
  /** What is in the way. */
  readonly problem?: string;
}

/**
 * What more a job gets after it ran out of time or memory; after any other end, such as PREEMPTED, nothing.
 *
 * @param states how its tasks ended.
 * @param accounting what it was given and used; absent if accounting does not tell.
 * @param longest the longest time limit of its partition, seconds; absent: none is known.
 * @param command the submission command: memory is named as there.
 */
export function growthOf(
  states: readonly string[],
  accounting: AccountingEvidence | undefined,
  factors: GrowthFactors,
  { longest, command }: { readonly longest: number | undefined; readonly command: string },
): Growth {
  const words = new Set(states.map(stateWord));
  const options: string[] = [];
  const problems: string[] = [];
  if (words.has("TIMEOUT")) {
    const limit = accounting?.timeLimit;
    const wanted = limit === undefined ? undefined : limit * factors.time;
    if (limit === undefined) problems.push("accounting does not say what its time limit was");
    else if (longest !== undefined && longest <= limit) {
      problems.push("its time limit is the longest that its partition has");
    } else options.push(`--time=${Math.ceil(Math.min(wanted!, longest ?? Infinity) / 60)}`);
  }
  if (words.has("OUT_OF_MEMORY")) {
    const { reqMem, maxRss = 0, nodes = 1, cpus = 1 } = accounting ?? {};
    const byCpu = /--mem-per-cpu\b/.test(command);
    if (reqMem === undefined) {
      problems.push("accounting does not say how much memory it was given");
    } else {
      const bytes = Math.max(reqMem, maxRss) * factors.memory / (byCpu ? cpus : nodes);
      options.push(`--${byCpu ? "mem-per-cpu" : "mem"}=${Math.ceil(bytes / 1024 ** 2)}M`);
    }
  }
  return problems.length === 0 ? { options } : { options, problem: problems.join("; ") };
}

/**
 * Asks for the longest time limits of partitions, one call for all: sinfo(1), `%l`.
 *
 * @returns seconds by partition; those without a limit, or that are not known, are absent.
 */
export async function longestTimes(
  client: SlurmClient,
  partitions: ReadonlySet<string>,
): Promise<Map<string, number>> {
  if (partitions.size === 0) return new Map();
  const result = await runSlurm(client, [
    "sinfo",
    "--noheader",
    "--format=%R|%l",
    `--partition=${[...partitions].join(",")}`,
  ]).catch((error) => {
    // Where sinfo is missing sbatch itself refuses what is too long.
    if (error instanceof UserError) return undefined;
    throw error;
  });
  if (result === undefined || result.code !== 0) return new Map();
  const limits = textOf(result.stdout).split("\n").flatMap((line) => {
    const [name, limit] = line.trim().split("|");
    const seconds = parseLimit(limit ?? "");
    return seconds === undefined ? [] : [[name!, seconds] as const];
  });
  return new Map(limits);
}

/** sinfo(1) leaves out leading zeros: `30:00`, `2:00:00`, `7-00:00:00`. */
function parseLimit(text: string): number | undefined {
  return parseDuration(/^[0-9]+:[0-9]{2}$/.test(text) ? `0:${text.padStart(5, "0")}` : text);
}
