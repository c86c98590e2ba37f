import { LAUNCH_FAILURE_SIGNAL } from "../manager/launch_job.ts";
import type { SlurmVersion } from "../manager/slurm_version.ts";
import { currentUser } from "../manager/current_user.ts";
import { absoluteLogPath } from "../manager/file_name_pattern.ts";
import type { Cluster } from "../manager/state_directory.ts";
import type { JobState } from "../manager/job_state.ts";
import type { Task } from "../manager/task.ts";
import { completingUntil } from "../scenario/job_trouble.ts";
import { hasRun, type JobRecord, toRecords } from "./job_records.ts";
import type { ProgramCall } from "./program_call.ts";

/** The lists by which programs choose jobs; what is absent chooses all. Users go by name or number. */
export type ChosenJobs = Readonly<
  Partial<Record<"name" | "partition" | "account" | "qos" | "node" | "user", string[] | undefined>>
>;

/** Whether `task` is among the chosen. */
export function isChosen(task: Task, chosen: ChosenJobs, { node }: Cluster): boolean {
  const { partition, account, qos, user, uid } = task.spec;
  const has = { name: task.name, partition, account, qos, user, node: hasRun(task) ? node : "" };
  return Object.entries(chosen).every(([what, list]) =>
    list === undefined || list.includes(has[what as keyof typeof has]) ||
    (what === "user" && list.includes(String(uid)))
  );
}

/** Whether there may be a user of this name or number: nobody else ever has a job here. */
export function isPossibleUser(user: string): boolean {
  return user === currentUser().username || user === "root" || /^\d+$/.test(user);
}

/**
 * The jobs that slurmctld still knows: those that have not ended, and for a while those that have.
 * An array's rest stands last among its tasks, as {@linkcode toRecords} gives it.
 */
export function findKnownJobs(
  { table, cluster, nowMs }: ProgramCall,
  baseOrJobId?: number,
): JobRecord[] {
  const known = "superseded = 0 AND (end_ms IS NULL OR end_ms > ?1)";
  const since = nowMs - cluster.minJobAgeMs;
  if (baseOrJobId === undefined) return toRecords(table.find(known, since));
  return toRecords(table.find(`${known} AND (base_id = ?2 OR job_id = ?2)`, since, baseOrJobId));
}

/** The priority: with 22.05's priority/basic earlier jobs come first, 24.11's has no factors here. */
export function priorityOf({ hold, baseId }: Task, { version }: Cluster): number {
  if (hold !== "") return 0;
  return version === "24.11" ? 1 : 4_294_901_760 - baseId;
}

/** Tasks that wait for room in their array are not eligible yet. */
export function eligibleSince(task: Task): number | null {
  return task.state === "PENDING" && task.reason === "JobArrayTaskLimit" ? null : task.eligibleMs;
}

/** A file name pattern as sbatch was told it, from the job's directory; empty without one. */
export function logPattern({ spec }: Task, pattern: string | null): string {
  return pattern === null ? "" : absoluteLogPath(pattern, spec.workDir);
}

/** The node of a job that has started, else `missing`. */
export function nodeOf(task: Task, { node }: Cluster, missing: string): string {
  return hasRun(task) ? node : missing;
}

/**
 * The state as slurmctld shows it: a job that is being ended, or whose node is still being cleaned, is
 * COMPLETING. Accounting already has its end by then.
 */
export function controllerState(task: Task, nowMs: number): JobState {
  const isBeingEnded = task.killState !== null && task.state === "RUNNING";
  return isBeingEnded || nowMs < completingUntil(task) ? "COMPLETING" : task.state;
}

const SIGNAL_TEXTS: Readonly<Record<number, string>> = {
  ...{ 1: "Hangup", 2: "Interrupt", 3: "Quit", 4: "Illegal instruction", 6: "Aborted" },
  ...{ 7: "Bus error", 8: "Floating point exception", 9: "Killed", 10: "User defined signal 1" },
  ...{ 11: "Segmentation fault", 12: "User defined signal 2", 13: "Broken pipe" },
  ...{ 14: "Alarm clock", 15: "Terminated", 24: "CPU time limit exceeded" },
  ...{ 25: "File size limit exceeded" },
};

/** Why a job waits or ended as it did, in the words of scontrol and squeue. */
export function reasonOf(task: Task, version: SlurmVersion): string {
  const { exitSignal, reason } = task;
  const isRaised = reason === "JobLaunchFailure" && exitSignal !== LAUNCH_FAILURE_SIGNAL;
  if (version === "22.05" || !isRaised) return reason;
  return `RaisedSignal:${exitSignal}(${signalText(exitSignal)})`;
}

/** strsignal(3). */
export function signalText(signal: number): string {
  return SIGNAL_TEXTS[signal] ?? `Unknown signal ${signal}`;
}
