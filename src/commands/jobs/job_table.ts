import type { TableFit } from "../../session/view.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import type { Job, JobEnd } from "../../jobs/job.ts";
import { phaseOf } from "../../jobs/job_state.ts";
import { summaryOf } from "../../jobs/job_summary.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { ofDataset } from "../../session/result_record.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import { fieldsOfJob } from "../../session/job_fields.ts";
import type { JobFields } from "../../session/job_fields.ts";

/** A job with what Slurm says of it. */
export interface ListedJob {
  /** As the store has it. */
  readonly job: Job;
  /** As Slurm told just now; `undefined` for a job that is not open. */
  readonly status: JobStatus | undefined;
  /** The same in one line, or how it ended; `undefined` if that is not known. */
  readonly summary: JobEnd | undefined;
  /** Whether the worktree that it was scheduled in is not there any more. */
  readonly isOfRemovedWorktree: boolean;
  /** Why it is pending, in Slurm's word; absent if it is not, or nobody told. */
  readonly reason?: string;
  /** The Unix user who submitted it, by name or else by ID; absent if that is not known. */
  readonly user?: string;
}

/** Puts a job beside what Slurm says of it, or said when it was finished or closed. */
export function listedJob(
  job: Job,
  status: JobStatus | undefined,
  isOfRemovedWorktree: boolean,
): ListedJob {
  const hasEnded = job.stage === "finished" || job.stage === "closed";
  const summary = status !== undefined
    ? summaryOf(job.jobId ?? "", status)
    : hasEnded
    ? job.end ?? undefined
    : undefined;
  return { job, status, summary, isOfRemovedWorktree };
}

/** A listed job as a result; docs/result_records.md. */
export interface JobRecord extends ResultRecord, JobFields {
  /** As scontrol told it when the job was submitted. */
  readonly slurmJobName?: string;
  /** Who submitted it, as scontrol told it then. */
  readonly slurmUser?: string;
  /** The Unix user who submitted it, by name or else by ID. */
  readonly submittedBy?: string;
  /** The file in which it was handed over. */
  readonly handedOverIn?: string;
  /** Git's common directory of the clone that has adopted it. */
  readonly adoptedBy?: string;
  /** Name of the worktree that it runs in, where that is not the one that was looked at. */
  readonly worktree?: string;
  /** Why it is pending, in Slurm's word. */
  readonly slurmReason?: string;
  /** `[days-]hh:mm:ss`; of an array the longest. */
  readonly elapsed?: string;
  /** `[days-]hh:mm:ss`, or Slurm's word. */
  readonly timeLimit?: string;
  /** `code:signal` of what has ended; of an array the first that is not 0:0. */
  readonly exitCode?: string;
  /** When Slurm says that it ended, ISO 8601 in UTC. */
  readonly endedAt?: string;
  /** Name of the worktree that it was scheduled in, if that is not there any more. */
  readonly removedWorktree?: string;
}

/** The columns of the table in their order. */
export const COLUMNS = [
  "JobID",
  "Name",
  "Label",
  "User",
  "State",
  "Reason",
  "Elapsed",
  "Timelimit",
  "ExitCode",
  "Age",
  "Commit",
  "Output",
  "Command",
] as const;

/** The columns that say something: others would only take room. */
export function columnsFor(shown: readonly ListedJob[], showsCommits: boolean): Column[] {
  const users = new Set(shown.flatMap(({ user }) => user ?? []));
  return COLUMNS.filter((column) => {
    switch (column) {
      case "Label":
        return shown.some(({ job }) => job.label);
      case "User":
        return users.size > 1;
      case "Reason":
        return shown.some(({ reason }) => reason !== undefined);
      case "Commit":
        return showsCommits;
      default:
        return true;
    }
  });
}

/** A column of the table. */
export type Column = (typeof COLUMNS)[number];

/** What a narrow terminal can do without, and what tells jobs apart. */
export const TABLE_FIT: TableFit & Record<keyof TableFit, readonly Column[]> = {
  droppable: ["Timelimit", "Age", "Name", "ExitCode", "Elapsed", "Label", "User", "Reason"],
  telling: ["Command", "Output"],
};

/** The job as a result record. */
export function recordOfJob(
  dataset: Dataset,
  { job, status, summary, isOfRemovedWorktree, reason, user }: ListedJob,
): JobRecord {
  const told = summary === undefined ? {} : {
    slurmState: summary.state,
    ...(status === undefined ? {} : { slurmStates: Object.fromEntries(status.states) }),
    ...withoutEmpty({
      elapsed: summary.elapsed,
      timeLimit: summary.timeLimit,
      exitCode: summary.exitCode,
      endedAt: summary.endS === null ? "" : new Date(summary.endS * 1000).toISOString(),
    }),
  };
  const isElsewhere = job.worktree !== dataset.worktree && !isOfRemovedWorktree;
  return {
    ...ofDataset(dataset, "slurm-list", "ok"),
    refds: dataset.root,
    message: status?.groupState ?? job.stage,
    ...(job.jobId === null ? {} : { slurmJobId: job.jobId }),
    ...withoutEmpty({
      slurmJobName: nameOf(job),
      slurmUser: job.details?.user ?? "",
      submittedBy: user ?? "",
      handedOverIn: job.handover?.file ?? "",
      adoptedBy: job.handover?.adoptedBy ?? "",
      slurmReason: reason ?? "",
    }),
    ...told,
    ...fieldsOfJob(job),
    ...(isElsewhere ? { worktree: job.worktree } : {}),
    ...(isOfRemovedWorktree ? { removedWorktree: job.worktree } : {}),
    ...(job.stage === "finished" && job.commitOid !== null ? { commit: job.commitOid } : {}),
  };
}

/** What the table shows of a job in one column. */
export function cellOf(column: Column, listed: ListedJob, nowMs: number): string {
  const { job, summary, reason, user } = listed;
  switch (column) {
    case "JobID":
      return job.jobId ?? "";
    case "Name":
      return nameOf(job);
    case "Label":
      return job.label ?? "";
    case "User":
      return user ?? "";
    case "State":
      return stateOf(listed);
    case "Reason":
      return reason ?? "";
    case "Elapsed":
      return summary?.elapsed ?? "";
    case "Timelimit":
      return summary?.timeLimit ?? "";
    case "ExitCode":
      return summary?.exitCode ?? "";
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
}

/**
 * The words that a job may be chosen by: the states of its tasks, its stage if it is not open, in capitals, and
 * what it is as a whole, in small letters.
 */
export function wordsOf({ job, status }: ListedJob): string[] {
  if (status !== undefined) {
    const { phase } = status;
    const isEnd = phase === "completed" || phase === "failed";
    return [...status.states.values(), phase, ...(isEnd ? ["ended"] : [])];
  }
  const states = Object.keys(job.end?.counts ?? {});
  const hasEnded = job.stage === "finished" || job.stage === "closed";
  const hasFailed = states.some((state) => phaseOf(state) === "failed");
  return [
    ...[job.stage.toUpperCase(), ...states],
    ...(hasEnded ? ["ended"] : []),
    ...(hasFailed ? ["failed"] : []),
  ];
}

/** `RUNNING`, for several tasks `3 COMPLETED, 2 RUNNING`, of a job that was ended `CLOSED (FAILED)`. */
function stateOf({ job, status, summary }: ListedJob): string {
  const stage = job.stage.toUpperCase();
  if (summary === undefined) return stage;
  return status === undefined ? `${stage} (${renderCounts(summary)})` : renderCounts(summary);
}

/** The most frequent state first. */
function renderCounts({ state, counts }: JobEnd): string {
  const entries = Object.entries(counts).sort(([, a], [, b]) => b - a);
  const total = entries.reduce((sum, [, count]) => sum + count, 0);
  return total === 1 ? state : entries.map(([word, count]) => `${count} ${word}`).join(", ");
}

function nameOf({ details }: Job): string {
  return details?.jobName ?? "";
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
