import type { JobRecord } from "./show_job.ts";

/** A log file as scontrol printed it. */
export interface PrintedLog {
  /** The array task that writes it; `null` for a plain job, or for the tasks that are still pending. */
  readonly task: number | null;
  /** Absolute, some fields of its pattern possibly unfilled: log_paths.ts reads it. */
  readonly path: string;
}

/** The log files in the records of one job: StdOut and StdErr, one if they are equal. */
export function logsOf(records: readonly JobRecord[]): PrintedLog[] {
  const logs = new Map<string, PrintedLog>();
  for (const record of records) {
    const taskId = record.get("ArrayTaskId");
    const task = taskId !== undefined && /^[0-9]+$/.test(taskId) ? Number(taskId) : null;
    for (const key of ["StdOut", "StdErr"]) {
      const path = record.get(key);
      // "(null)" where there is none, for example of an interactive job.
      if (path === undefined || !path.startsWith("/")) continue;
      logs.set(`${task} ${path}`, { task, path });
    }
  }
  return [...logs.values()];
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
