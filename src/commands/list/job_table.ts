import type { Dataset } from "../../datalad/dataset.ts";
import type { Job } from "../../jobs/job.ts";
import { tasksOf } from "../../jobs/job_status.ts";
import type { JobStatus, StateRow } from "../../jobs/job_status.ts";
import type { ResultRecord } from "../context.ts";
import { fieldsOfJob } from "../job_fields.ts";
import type { JobFields } from "../job_fields.ts";

/** A job with what Slurm says of it; `undefined` for one that is not open. */
export interface ListedJob {
  /** As the store has it. */
  readonly job: Job;
  /** As Slurm told just now. */
  readonly status: JobStatus | undefined;
}

/** What a listed job is told as; docs/result_records.md. */
export interface JobRecord extends ResultRecord, JobFields {
  /** The common state, or what is to be said of an array as a whole; absent unless it is open. */
  readonly slurmState?: string;
  /** As accounting has it. */
  readonly slurmJobName?: string;
  /** `[days-]hh:mm:ss`; of an array the longest. */
  readonly elapsed?: string;
  /** `[days-]hh:mm:ss`, or Slurm's word. */
  readonly timeLimit?: string;
  /** `code:signal` of what has ended; of an array the first that is not 0:0. */
  readonly exitCode?: string;
}

/** The columns of the table in their order. */
export const COLUMNS = [
  "JobID",
  "Name",
  "State",
  "Elapsed",
  "Timelimit",
  "ExitCode",
  "Age",
  "Commit",
  "Output",
  "Command",
] as const;

/** A column of the table. */
export type Column = (typeof COLUMNS)[number];

/** What a narrow terminal can do without, the least important first. */
export const DROPPABLE: readonly Column[] = ["Timelimit", "Age", "Name", "ExitCode", "Elapsed"];

/** The job as a result record. */
export function recordOfJob(dataset: Dataset, { job, status }: ListedJob): JobRecord {
  const told = status === undefined ? {} : {
    slurmState: status.groupState,
    slurmStates: Object.fromEntries(status.states),
    ...withoutEmpty({
      slurmJobName: nameOf(status),
      elapsed: longest(status),
      timeLimit: timeLimitOf(status),
      exitCode: exitCodeOf(status),
    }),
  };
  return {
    action: "slurm-list",
    status: "ok",
    path: dataset.root,
    type: "dataset",
    refds: dataset.root,
    message: status?.groupState ?? job.stage,
    ...(job.jobId === null ? {} : { slurmJobId: job.jobId }),
    ...told,
    ...fieldsOfJob(job),
    ...(job.stage === "finished" && job.commitOid !== null ? { commit: job.commitOid } : {}),
  };
}

/** What the table shows of a job in one column. */
export function cellOf(column: Column, { job, status }: ListedJob, nowMs: number): string {
  switch (column) {
    case "JobID":
      return job.jobId ?? "";
    case "State":
      return status === undefined ? job.stage.toUpperCase() : countedStates(job, status);
    case "Age":
      return job.submittedAtMs === 0 ? "" : renderAge(nowMs - job.submittedAtMs);
    case "Commit":
      return job.stage === "finished" ? job.commitOid?.slice(0, 10) ?? "none" : "";
    case "Output": {
      const others = job.outputs.length - 1;
      return `${job.outputs[0] ?? ""}${others > 0 ? ` +${others}` : ""}`;
    }
    case "Command":
      return job.cmd;
  }
  if (status === undefined) return "";
  switch (column) {
    case "Name":
      return nameOf(status);
    case "Elapsed":
      return longest(status);
    case "Timelimit":
      return timeLimitOf(status);
    case "ExitCode":
      return exitCodeOf(status);
  }
}

/** The words that a job may be chosen by: the states of its tasks, or its stage, in capitals. */
export function wordsOf({ job, status }: ListedJob): string[] {
  return status === undefined ? [job.stage.toUpperCase()] : [...status.states.values()];
}

/** `RUNNING`, or for several tasks `3 COMPLETED, 2 RUNNING`, the most frequent first. */
function countedStates(job: Job, status: JobStatus): string {
  const counts = new Map<string, number>();
  for (const [id, state] of status.states) {
    // One row may stand for many tasks that are still pending: 151_[0-3%2].
    const tasks = job.jobId === null ? 1 : Math.max(1, tasksOf(job.jobId, id).length);
    counts.set(state, (counts.get(state) ?? 0) + tasks);
  }
  const total = counts.values().reduce((sum, count) => sum + count, 0);
  if (total === 1) return status.groupState;
  return [...counts].sort(([, a], [, b]) => b - a).map(([state, count]) => `${count} ${state}`)
    .join(", ");
}

function nameOf(status: JobStatus): string {
  return firstOf(status, (row) => row.jobName);
}

function timeLimitOf(status: JobStatus): string {
  return firstOf(status, (row) => row.timeLimit);
}

/** As long as the job may still change it, `0:0` would only mislead. */
function exitCodeOf(status: JobStatus): string {
  if (status.phase === "active") return "";
  const bad = firstOf(status, (row) => row.exitCode === "0:0" ? "" : row.exitCode);
  return bad !== "" ? bad : firstOf(status, (row) => row.exitCode);
}

/** `[days-]hh:mm:ss` sorts by length first. */
function longest(status: JobStatus): string {
  return status.rows.map((row) => row.elapsed).reduce(
    (most, one) =>
      one.length > most.length || (one.length === most.length && one > most) ? one : most,
    "",
  );
}

function firstOf(status: JobStatus, cell: (row: StateRow) => string | undefined): string {
  return status.rows.map(cell).find((text) => text !== undefined && text !== "") ?? "";
}

function withoutEmpty<T extends Record<string, string>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== "")) as Partial<T>;
}

const UNITS = [["d", 86_400], ["h", 3_600], ["m", 60]] as const;

/** `5s`, `3m`, `26h`, `12d`: one unit is enough to tell jobs apart. */
function renderAge(ageMs: number): string {
  const seconds = Math.max(0, Math.floor(ageMs / 1000));
  const [unit, length] = UNITS.find(([, length]) => seconds >= 2 * length) ?? ["s", 1];
  return `${Math.floor(seconds / length)}${unit}`;
}
