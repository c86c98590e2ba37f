import type { JobTrouble } from "../scenario/scenario.ts";

/** What one submission asked for; `null` where it did not ask and nothing stands for it. */
export interface JobSpec {
  /** The script's path, with 22.05 and its arguments; `null` for `--wrap` and for standard input. */
  readonly command: string | null;
  /** The command line of sbatch, as sacct shows it. */
  readonly submitLine: string;
  /** The script's own arguments. */
  readonly args: readonly string[];
  /** Where the script runs: absolute, need not exist. */
  readonly workDir: string;
  /** Where sbatch was called. */
  readonly submitDir: string;
  /** File name pattern, as all three; relative ones start from `workDir`. */
  readonly stdin: string;
  /** `null` asks for Slurm's default. */
  readonly stdout: string | null;
  /** `null` asks for the file of `stdout`. */
  readonly stderr: string | null;
  /** `null` empties log files, as `truncate`. */
  readonly openMode: "append" | "truncate" | null;
  /** Login name of who submitted. */
  readonly user: string;
  /** Name of that user's group, or its number where it has none. */
  readonly group: string;
  /** Number of `user`. */
  readonly uid: number;
  /** Number of `group`. */
  readonly gid: number;
  /** Short name of the machine on which sbatch was called. */
  readonly submitHost: string;
  /** Process that submitted: as a rule the shell, whose number is its session's. */
  readonly sessionId: number;
  /** In lower case; the user's name when not asked for. */
  readonly account: string;
  /** As given: may be a comma list. */
  readonly partition: string;
  /** `normal` when not asked for. */
  readonly qos: string;
  /** At least 1; when not asked for, as many as the least nodes with `tasksPerNode` each take. */
  readonly tasks: number;
  /** Whether `tasks` was asked for; only then the job sees SLURM_NTASKS. */
  readonly tasksGiven: boolean;
  /** `--ntasks-per-node`. */
  readonly tasksPerNode: number | null;
  /** `--cpus-per-task`; counts as 1 when not asked for. */
  readonly cpusPerTask: number | null;
  /** `1`, `2-4`. */
  readonly nodes: string | null;
  /** Megabytes; beats `memPerCpu`. */
  readonly memPerNode: number | null;
  /** Megabytes; counts as {@linkcode DEFAULT_MEM_PER_CPU} when not asked for. */
  readonly memPerCpu: number | null;
  /** `--comment` as given. */
  readonly comment: string | null;
  /** False with `--no-requeue`. */
  readonly requeue: boolean;
  /** Whether a dependency that can never be fulfilled cancels the job. */
  readonly killOnInvalidDependency: boolean;
  /** `--signal`. */
  readonly warning: JobWarning | null;
  /** `null` for a job that is no array. */
  readonly array: JobArray | null;
  /** `--export` as given. */
  readonly exportList: string | null;
  /** What the scenario at submission has in store for it. */
  readonly troubles: readonly JobTrouble[];
}

/** The signal that a job asks for before its time limit. */
export interface JobWarning {
  /** Its number. */
  readonly signal: number;
  /** How long before the limit. */
  readonly seconds: number;
  /** Only the script gets it; without that only what srun started. */
  readonly batchOnly: boolean;
}

/** The array that a job asks for. */
export interface JobArray {
  /** Task indices, ascending, without duplicates. */
  readonly indices: readonly number[];
  /** How many tasks may run at once; `null` without a `%limit`. */
  readonly limit: number | null;
}

/** Memory that a CPU gets when nothing is asked for, in megabytes: DefMemPerCPU. */
export const DEFAULT_MEM_PER_CPU = 100;

/** CPUs that the job as a whole asks for. */
export function cpusOf(spec: JobSpec): number {
  return spec.tasks * (spec.cpusPerTask ?? 1);
}

/** Nodes that the job asks for at least. */
export function nodesOf(spec: JobSpec): number {
  return Number(/^\d+/.exec(spec.nodes ?? "1")?.[0] ?? 1);
}

/** One past the highest task index when nothing else is said; `scontrol show config` tells it. */
export const MAX_ARRAY_SIZE = 10_001;

/**
 * Reads an array specification: `0-15`, `1,3,5`, `0-15:4`, each with an optional `%limit`, sbatch(1).
 *
 * @throws {SyntaxError} If it is none, or names an index of `maxArraySize` or above.
 */
export function parseArraySpec(text: string, maxArraySize = MAX_ARRAY_SIZE): JobArray {
  const match = /^\[?([0-9,:-]+)\]?(?:%(\d+))?$/.exec(text.replace(/%(\d+)\]$/, "]%$1"));
  if (match === null) throw invalid(text);
  const indices = new Set<number>();
  for (const part of match[1]!.split(",")) {
    const range = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part);
    if (range === null) throw invalid(text);
    const first = Number(range[1]);
    const last = range[2] === undefined ? first : Number(range[2]);
    const step = range[3] === undefined ? 1 : Number(range[3]);
    if (last < first || step < 1 || last >= maxArraySize) throw invalid(text);
    for (let index = first; index <= last; index += step) indices.add(index);
  }
  return { indices: [...indices].sort((a, b) => a - b), limit: Number(match[2] ?? 0) || null };
}

/** Writes indices as Slurm shows them: runs of consecutive ones as `3-7`, a regular step as `1-9:2`. */
export function renderIndices(indices: readonly number[]): string {
  const step = regularStep(indices);
  if (step > 1) return `${indices[0]}-${indices.at(-1)}:${step}`;
  const parts: string[] = [];
  for (let at = 0; at < indices.length;) {
    const first = indices[at]!;
    let last = first;
    while (indices[at + 1] === last + 1) {
      last++;
      at++;
    }
    at++;
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(",");
}

/** The one distance between neighbours, or 0 if distances differ or there are fewer than three. */
function regularStep(indices: readonly number[]): number {
  if (indices.length < 3) return 0;
  const step = indices[1]! - indices[0]!;
  return indices.every((index, at) => at === 0 || index - indices[at - 1]! === step) ? step : 0;
}

function invalid(text: string): SyntaxError {
  return new SyntaxError(`Cannot read the array specification "${text}"`);
}
