import type { LogPattern } from "../jobs/job.ts";
import { hidesTasks } from "./log_paths.ts";
import type { LogPatterns } from "./query_log_patterns.ts";
import type { JobRecord } from "./show_job.ts";

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
        ? fillNames(given, record)
        : printed;
      logs.set(`${task} ${path}`, { task, path });
    }
  }
  return [...logs.values()];
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

/** Fills what is known when the job is submitted: its name and its user. The result is a pattern still. */
function fillNames(pattern: string, record: JobRecord): string {
  const names: Readonly<Record<string, string | undefined>> = {
    u: record.get("UserId")?.replace(/\([0-9]+\)$/, ""),
    x: record.get("JobName"),
  };
  return pattern.replace(/%(?:%|[0-9]*([A-Za-z]))/g, (field, letter: string | undefined) => {
    return names[letter ?? ""]?.replaceAll("%", "%%") ?? field;
  });
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

/** Keys that name a person, a login session, or the job's number, which the file's name has. */
const LEFT_OUT = new Set(["JobId", "UserId", "GroupId", "MailUser", "AllocNode:Sid"]);

/** Name of the file beside the log that keeps what scontrol told of a job. */
export function environmentFileName(jobId: string): string {
  return `slurm-job-${jobId}.env.json`;
}

/** What of a record goes into the environment file. */
export function environmentOf(record: JobRecord): Record<string, string> {
  return Object.fromEntries([...record].filter(([key]) => !LEFT_OUT.has(key)));
}
