import type { LogPattern, SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { parseArrayTasks, splitJobId } from "../jobs/job_id.ts";
import { hidesTasks } from "./log_paths.ts";
import type { LogPatterns } from "./query_log_patterns.ts";
import type { JobRecord } from "./job_record.ts";
import { parseSlurmTime } from "./query_sacct.ts";

const LOG_KEYS = ["StdOut", "StdErr"] as const;

/**
 * The log files in the records of one job: StdOut and StdErr, one if they are equal.
 *
 * @param patterns what squeue told of an array; without it what scontrol printed is all that is known.
 */
export function logsOf(records: readonly JobRecord[], patterns?: LogPatterns): LogPattern[] {
  const logs = new Map<string, LogPattern>();
  for (const record of records) {
    const task = taskOf(record);
    for (const key of LOG_KEYS) {
      const printed = record.get(key);
      // "(null)" where there is none, for example of an interactive job.
      if (printed === undefined || !printed.startsWith("/")) continue;
      const given = key === "StdOut" ? patterns?.stdout : patterns?.stderr ?? patterns?.stdout;
      // Where scontrol's tells the tasks it is the better one: of a default name squeue shows another.
      const path = given !== undefined && hidesTasksOf(record, key)
        ? fillNames(
          inWorkDir(given, record, (rest) => rest),
          record.get("JobName"),
          record.get("UserId")?.replace(/\([0-9]+\)$/, ""),
        )
        : inWorkDir(printed, record, (rest) => escapeName(rest, record));
      logs.set(`${task} ${path}`, { task, path });
    }
  }
  return [...logs.values()];
}

/** A path as a pattern: the folder that a job runs in is no part of what Slurm fills in. */
function inWorkDir(path: string, record: JobRecord, toPattern: (rest: string) => string): string {
  const folder = record.get("WorkDir");
  if (folder === undefined || !path.startsWith(`${folder}/`)) return toPattern(path);
  return escapeFields(folder) + toPattern(path.slice(folder.length));
}

/** Of a job's name, too; what else looks like a field may be one that scontrol has left to the tasks. */
function escapeName(printed: string, record: JobRecord): string {
  const name = record.get("JobName") ?? "";
  return name.includes("%") ? printed.replaceAll(name, () => escapeFields(name)) : printed;
}

function escapeFields(text: string): string {
  return text.replaceAll("%", "%%");
}

/** Whether the records of one job do not tell where its pending tasks will write. */
export function areLogsUnclear(records: readonly JobRecord[]): boolean {
  return records.some((record) => LOG_KEYS.some((key) => hidesTasksOf(record, key)));
}

/** Whether a record is that of pending tasks, and one of its logs does not tell which. */
function hidesTasksOf(record: JobRecord, key: string): boolean {
  return record.has("ArrayTaskId") && taskOf(record) === null &&
    hidesTasks(record.get(key) ?? "", record.get("ArrayJobId") ?? "");
}

/** The array task; `null` for a plain job, and for the record that all pending tasks share. */
function taskOf(record: JobRecord): number | null {
  const taskId = record.get("ArrayTaskId");
  return taskId !== undefined && /^[0-9]+$/.test(taskId) ? Number(taskId) : null;
}

/**
 * Fills in what is known when a job is submitted: its name and its user, `%x` and `%u`. The result is a
 * pattern still; what is not known stays in it.
 */
export function fillNames(
  pattern: string,
  jobName: string | undefined,
  user: string | undefined,
): string {
  const names: Readonly<Record<string, string | undefined>> = { u: user, x: jobName };
  return pattern.replace(/%(?:%|[0-9]*([A-Za-z]))/g, (field, letter: string | undefined) => {
    const name = names[letter ?? ""];
    return name === undefined ? field : escapeFields(name);
  });
}

/** When a job was submitted, and whether that is the time of its first run. */
export interface SubmitTime {
  /** By Slurm's clock, seconds since 1970; `null` if it was not told. */
  readonly submitS: number | null;
  /** Whether it was requeued since: then its first submission was earlier. */
  readonly isRequeued: boolean;
}

/** When Slurm took the job that the records are of. */
export function submitTimeOf(records: readonly JobRecord[]): SubmitTime {
  const times = records.map((record) => parseSlurmTime(record.get("SubmitTime") ?? ""))
    .filter((time) => time !== null);
  return {
    // A task that was requeued has a later one than the others.
    submitS: times.length === 0 ? null : times.reduce((least, time) => Math.min(least, time)),
    isRequeued: records.some((record) => /^[1-9]/.test(record.get("Restarts") ?? "")),
  };
}

/** Whether Slurm makes the folders of a job's logs if they are not there: from 23.02 on. */
export function makesLogFolders(record: JobRecord): boolean {
  // The same release began to print what was requested and what was allocated one by one.
  return record.has("ReqTRES");
}

/** The array task IDs in the records of one job: `0-3`, or `null` if it has none. */
export function arrayTasksOf(records: readonly JobRecord[]): string | null {
  const expressions = records.map((record) => record.get("ArrayTaskId"))
    .filter((expression) => expression !== undefined)
    .map((expression) => expression.replace(/%[0-9]+$/, ""));
  // A truncated list names not all tasks; without SLURM_BITSTR_LEN=0 long ones end in "...".
  if (expressions.length === 0 || expressions.some((text) => text.includes("..."))) return null;
  return expressions.join(",");
}

/**
 * The details of each job of a submission: a plain job, an array, or its tasks that are jobs of their own.
 *
 * @param logs as they are kept.
 * @param environmentFile as {@linkcode SubmissionDetails} has it.
 */
export function detailsOfSubmission(
  logs: readonly LogPattern[],
  records: readonly JobRecord[],
  environmentFile: string | null,
): (job: Pick<SubmittedJob, "jobId">) => SubmissionDetails {
  const logsOfTask = Map.groupBy(logs, (log) => log.task);
  const { submitS, isRequeued } = submitTimeOf(records);
  const common = {
    environmentFile,
    submitS: isRequeued ? null : submitS,
    jobName: nameOf(records[0]!),
    // scontrol prints "ada(1000)".
    user: records[0]!.get("UserId")?.replace(/\([0-9]+\)$/, "") ?? null,
  };
  const arrayTasks = arrayTasksOf(records);
  const isUnknown = arrayTasks === null && records.some((record) => record.has("ArrayTaskId"));
  const components = componentsOf(records[0]!.get("HetJobIdSet"));
  const whole = {
    ...common,
    logs,
    arrayTasks,
    ...(isUnknown ? { areTasksUnknown: true } : {}),
    ...(components === undefined ? {} : { components }),
  };
  return (job) => {
    const { arrayTaskId } = splitJobId(job.jobId);
    if (arrayTaskId === null) return whole;
    return {
      ...common,
      // Tasks that were pending when scontrol was asked share the array's pattern.
      logs: logsOfTask.get(arrayTaskId) ?? logsOfTask.get(null) ?? [],
      arrayTasks: String(arrayTaskId),
    };
  };
}

function nameOf(record: JobRecord): string | null {
  const name = record.get("JobName") ?? "(null)";
  return name === "(null)" ? null : name;
}

/**
 * The job IDs of a heterogeneous job's components, in order.
 *
 * @param idSet scontrol's HetJobIdSet, `7-8`.
 * @returns `undefined` if it is none.
 */
export function componentsOf(idSet: string | undefined): string[] | undefined {
  if (idSet === undefined) return undefined;
  try {
    // Written as array task IDs are.
    return parseArrayTasks(idSet).map(String);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined; // A lone component proves by itself that there are others.
  }
}

/** Keys that name a person, a login session, or the job's number, which the file's name has. */
const LEFT_OUT = new Set(["JobId", "UserId", "GroupId", "MailUser", "AllocNode:Sid"]);

/** Name of the file beside the log that keeps what scontrol told of a job. */
export function environmentFileName(jobId: string): string {
  return `slurm-job-${jobId}.env.json`;
}

/** Keys that name nodes. */
const NODES = new Set(["NodeList", "BatchHost", "ReqNodeList", "ExcNodeList", "SchedNodeList"]);

/** What of a record goes into the environment file. */
export function environmentOf(record: JobRecord, withNodes = true): Record<string, string> {
  return Object.fromEntries(
    [...record].filter(([key]) => !LEFT_OUT.has(key) && (withNodes || !NODES.has(key))),
  );
}
