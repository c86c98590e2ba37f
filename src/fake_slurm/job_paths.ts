import {
  absoluteLogPath,
  defaultPattern,
  expandPattern,
  NO_TASK_INDEX,
} from "./file_name_pattern.ts";
import type { PatternValues } from "./file_name_pattern.ts";
import type { Task } from "./task.ts";
import type { SlurmVersion } from "./slurm_version.ts";

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
    absoluteLogPath(expandPattern(pattern, values, { padded }), spec.workDir);
  const stdout = expand(spec.stdout ?? defaultPattern(spec.array !== null));
  return {
    stdin: expand(spec.stdin),
    stdout,
    stderr: spec.stderr === null ? stdout : expand(spec.stderr),
  };
}
