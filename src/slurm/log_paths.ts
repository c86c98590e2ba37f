import type { LogPattern } from "../jobs/job.ts";
import type { Run } from "../jobs/job_status.ts";
import { firstNode } from "./first_node.ts";

/** Stands where a task index goes in the paths that scontrol prints of a pending array. */
const NO_TASK = "4294967294";
/** Widths to try where 24.11 has swallowed the zero padding: sbatch(1) allows up to 10 digits. */
const MOST_DIGITS = 11;
/** What scontrol always fills in: where it stands, the path is as sbatch was given it. */
const AS_GIVEN_REGEXP = /(?<!%)(?:%%)*%[Aaj]/;

/** Who writes a log. */
export interface LogWriter {
  /** As sbatch printed it, of an array the array's own. */
  readonly jobId: string;
  /** The array task, `null` for a plain job. */
  readonly task: number | null;
  /** What is known of its run; `undefined` if nobody told. */
  readonly run: Run | undefined;
}

/**
 * Whether the tasks of an array may have logs of their own behind a path that does not tell which: the
 * array's job ID, which scontrol prints of pending tasks, stands for `%A` or for `%j`.
 *
 * @param printed as scontrol printed it of tasks that are pending.
 */
export function hidesTasks(printed: string, jobId: string): boolean {
  return printed.includes(jobId) && !tellsTask(printed);
}

/** Whether the name of a log, as Slurm has it of a pending array, holds the task's index. */
export function tellsTask(path: string): boolean {
  return path.includes(NO_TASK) || /%[0-9]+a/.test(path);
}

/**
 * The paths that a log may have: one, unless scontrol printed it of pending tasks, or of the only one.
 * Slurm 22.05 leaves zero-padded fields (`%4a`) in then, 24.11 swallows their width; both print 4294967294
 * for the task's index, and fill %j with the array's own job ID where most tasks will have another. All
 * readings are returned, the likeliest first: which one is there, the disk knows.
 *
 * @returns nothing if it cannot be told from another task's.
 */
export function logPathCandidates(log: LogPattern, writer: LogWriter): string[] {
  const isPending = log.task === null || log.path.includes(NO_TASK);
  if (writer.task === null || !isPending || AS_GIVEN_REGEXP.test(log.path)) {
    return [fillIn(log.path, writer)];
  }
  if (tellsTask(log.path)) {
    const paths = Array.from(
      { length: MOST_DIGITS },
      (_, width) => log.path.replaceAll(NO_TASK, String(writer.task).padStart(width, "0")),
    ).map((path) => fillIn(path, writer));
    return [...new Set(paths.flatMap((path) => [path, ...ownOf(path, writer)]))];
  }
  const shared = fillIn(log.path, writer);
  if (writer.run === undefined && shared.includes(writer.jobId)) return [];
  // With the array's ID it is the log of all tasks, or that of the one which has this ID itself.
  return [...new Set([...ownOf(shared, writer), shared])];
}

/** Each place that shows the array's ID may have been %j: the task's own in it, last place first. */
function ownOf(path: string, { jobId, run }: LogWriter): string[] {
  const parts = path.split(jobId);
  if (run === undefined || run.jobIdRaw === jobId || parts.length === 1) return [];
  const candidates: string[] = [];
  for (let place = parts.length - 1; place > 0; place--) {
    candidates.push(
      `${parts.slice(0, place).join(jobId)}${run.jobIdRaw}${parts.slice(place).join(jobId)}`,
    );
  }
  return [...candidates, parts.join(run.jobIdRaw)];
}

/**
 * The path of a log that every job with the same command has.
 *
 * @param pattern as sbatch was given it.
 * @returns `undefined` if it depends on the job's ID, on its node, or on a task where there is none.
 */
export function fixedLogPath(pattern: string, task: number | null): string | undefined {
  const values: Readonly<Record<string, string>> = {
    ...OF_BATCH_STEP,
    ...(task === null ? {} : { a: task.toString() }),
  };
  const isFixed = [...pattern.matchAll(FIELD_REGEXP)].every(([field, _width, letter]) =>
    field === "%%" || values[letter!] !== undefined
  );
  // sbatch(1), FILENAME PATTERN: behind a backslash nothing is filled in.
  return isFixed && !pattern.includes("\\") ? fillFields(pattern, values) : undefined;
}

/** Fields of a pattern, with width and letter, and percent signs. */
const FIELD_REGEXP = /%(?:%|([0-9]*)([A-Za-z]))/g;

/** sbatch(1), FILENAME PATTERN: the batch script is step "batch", task 0 on the job's node 0. */
const OF_BATCH_STEP = { n: "0", s: "batch", t: "0" };

/** Fills the fields that are left; %J of the batch script is the bare job ID. */
function fillIn(pattern: string, { jobId, task, run }: LogWriter): string {
  const own = task === null ? jobId : run?.jobIdRaw;
  return fillFields(pattern, {
    ...OF_BATCH_STEP,
    A: jobId,
    J: own,
    N: run === undefined ? undefined : firstNode(run.nodeList),
    a: task?.toString(),
    j: own,
  });
}

/** What is not known stays, and is no file's name then. */
function fillFields(
  pattern: string,
  values: Readonly<Record<string, string | undefined>>,
): string {
  return pattern.replace(FIELD_REGEXP, (field, width: string, letter: string) => {
    if (field === "%%") return "%";
    const value = values[letter];
    // Numbers alone are padded.
    return value?.padStart(/^[0-9]+$/.test(value) ? Number(width) : 0, "0") ?? field;
  });
}
