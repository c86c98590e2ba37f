import { isAbsolute, join } from "node:path";
import type { SlurmVersion } from "./slurm_version.ts";
import type { Task } from "./task.ts";

/** The value behind each `%` letter; a number can be zero-padded (`%4a`). */
export type PatternValues = Readonly<Partial<Record<string, string | number>>>;

/** What `%a` gives for a job that is no array task: Slurm's NO_VAL. */
const NO_TASK_INDEX = 4_294_967_294;

/**
 * Replaces the symbols of a file name pattern, sbatch(1) "filename pattern". A backslash anywhere
 * switches replacement off and is dropped; a symbol without a value stays as it is, and so do `%4a` and
 * `%%` unless `isPadded`: scontrol 22.05 shows them as they stand.
 */
export function expandPattern(pattern: string, values: PatternValues, isPadded: boolean): string {
  if (pattern.includes("\\")) return pattern.replaceAll("\\", "");
  return pattern.replace(/%(%|(\d*)([A-Za-z]))/g, (whole, symbol, width, letter) => {
    if ((symbol === "%" || width !== "") && !isPadded) return whole;
    if (symbol === "%") return "%";
    const value = values[letter];
    if (value === undefined) return whole;
    // Slurm pads numbers to at most ten places.
    return typeof value === "number" && width !== ""
      ? String(value).padStart(Math.min(Number(width), 10), "0")
      : String(value);
  });
}

/** The pattern sbatch uses when none is given. */
export function defaultPattern(isArray: boolean): string {
  return isArray ? "slurm-%A_%a.out" : "slurm-%j.out";
}

/** Makes a log path absolute as Slurm does: relative to the job's working directory, not normalised. */
export function absoluteLogPath(path: string, workDir: string): string {
  return isAbsolute(path) ? path : workDir === "/" ? join("/", path) : `${workDir}/${path}`;
}

/** The files of a job's standard streams, as absolute paths. */
export interface JobPaths {
  /** `/dev/null` unless the job asked for another. */
  readonly stdin: string;
  /** `slurm-%j.out`, or `slurm-%A_%a.out` for an array, unless the job asked for another. */
  readonly stdout: string;
  /** The same as `stdout` unless the job asked for another. */
  readonly stderr: string;
}

/**
 * The paths as scontrol shows them: symbols that depend on the node stay, and so do zero-padded ones and
 * `%%` in 22.05; the index of an array's waiting rest is {@linkcode NO_TASK_INDEX}.
 */
export function shownPaths(
  task: Task,
  version: SlurmVersion,
  taskIndex: number | null = task.taskIndex,
): JobPaths {
  return pathsOf(task, submissionValues(task, taskIndex), version === "24.11");
}

/** The paths as the node `node` opens them, with every symbol replaced. */
export function openedPaths(task: Task, node: string): JobPaths {
  const jobId = task.jobId ?? task.baseId;
  const values = {
    ...submissionValues(task, task.taskIndex),
    ...{ J: jobId, N: node, n: 0, s: "batch", t: 0 },
  };
  return pathsOf(task, values, true);
}

function submissionValues(task: Task, taskIndex: number | null): PatternValues {
  return {
    A: task.baseId,
    a: taskIndex ?? NO_TASK_INDEX,
    j: task.jobId ?? task.baseId,
    x: task.name,
    u: task.spec.user,
  };
}

function pathsOf(task: Task, values: PatternValues, padded: boolean): JobPaths {
  const { spec } = task;
  const expand = (pattern: string) =>
    absoluteLogPath(expandPattern(pattern, values, padded), spec.workDir);
  const stdout = expand(spec.stdout ?? defaultPattern(spec.array !== null));
  return {
    stdin: expand(spec.stdin),
    stdout,
    stderr: spec.stderr === null ? stdout : expand(spec.stderr),
  };
}
