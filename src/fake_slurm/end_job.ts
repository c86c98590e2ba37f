import { isSameBoot, ownIdentity } from "../process/process_identity.ts";
import type { JobTable } from "./job_table.ts";
import type { Task, TaskChange } from "./task.ts";
import type { JobState } from "./job_state.ts";
import { StepTable } from "./step_table.ts";
import { type EndTrouble, endTroubleOf } from "./scenario/job_trouble.ts";

/** How a job's script ended. */
export interface ScriptEnd {
  /** Exit status; 0 if a signal ended it. */
  readonly code: number;
  /** Number of the signal that ended it, or Slurm's for a job that could not start; otherwise 0. */
  readonly signal: number;
}

/**
 * Writes down the end of a running job, whatever brought it about; one that was requeued starts again
 * `requeueDelayMs` later at the earliest. Call it inside a transaction.
 */
export function recordEnd(
  table: JobTable,
  task: Task,
  end: ScriptEnd,
  nowMs: number,
  requeueDelayMs: number,
): void {
  const batch = {
    batchState: batchStateOf(end),
    batchCode: end.code,
    batchSignal: end.signal,
    endMs: nowMs,
    process: null,
  };
  new StepTable(table.database).endAll(task.row, nowMs);
  if (task.killState === "REQUEUED") {
    return requeue(table, task, batch, nowMs + requeueDelayMs, nowMs);
  }
  const trouble = endTroubleOf(task);
  // A job that its user cancelled, or that ran into its limit first, is past other troubles.
  if (trouble !== undefined && (task.killState ?? trouble.state) === trouble.state) {
    return endInTrouble(table, task, trouble, batch, nowMs);
  }
  const outcome = task.killState === null ? ownOutcome(end) : {
    state: task.killState,
    reason: task.killState === "TIMEOUT" ? "TimeLimit" : "None",
  };
  table.update(task.row, {
    ...batch,
    ...outcome,
    exitCode: end.code,
    exitSignal: end.signal,
    killState: null,
    killSignalledMs: null,
  });
}

/** Slurm's reason for each end that is not the job's own. */
const TROUBLE_REASONS: Readonly<Record<EndTrouble["state"], string>> = {
  BOOT_FAIL: "NodeDown",
  CANCELLED: "None",
  COMPLETED: "None",
  DEADLINE: "DeadLine",
  FAILED: "NonZeroExitCode",
  NODE_FAIL: "NodeDown",
  OUT_OF_MEMORY: "OutOfMemory",
  PREEMPTED: "None",
  TIMEOUT: "TimeLimit",
};

/** What Slurm shows as the signal of a job that the kernel ended for want of memory. */
const OUT_OF_MEMORY_SIGNAL = 125;

function endInTrouble(
  table: JobTable,
  task: Task,
  trouble: EndTrouble,
  batch: TaskChange,
  nowMs: number,
): void {
  const { state } = trouble;
  const exit = {
    exitCode: state === "FAILED" ? batch.batchCode || 1 : 0,
    exitSignal: state === "OUT_OF_MEMORY" ? OUT_OF_MEMORY_SIGNAL : 0,
  };
  const memory = state === "OUT_OF_MEMORY"
    ? { batchState: state, batchCode: 0, batchSignal: OUT_OF_MEMORY_SIGNAL } as const
    : {};
  const change: TaskChange = {
    ...batch,
    ...memory,
    ...exit,
    state,
    reason: TROUBLE_REASONS[state],
    killState: null,
    killSignalledMs: null,
  };
  if (!trouble.requeue) return table.update(task.row, change);
  table.keepEarlierRun(task, change);
  resetForRun(table, task, nowMs, nowMs + trouble.requeueAfterSeconds * 1000);
}

/**
 * Writes down that the node lost a job: its process is gone and nobody saw how it ended. One that was
 * being ended anyway counts as ended so; one of an srun that was killed counts as cancelled, as long as
 * the machine has not started anew.
 */
export function recordLoss(table: JobTable, task: Task, nowMs: number): void {
  const isGivenUp = !task.spec.batch && task.process !== null &&
    isSameBoot(task.process, ownIdentity());
  new StepTable(table.database).endAll(task.row, nowMs, isGivenUp ? task.spec.uid : undefined);
  const killed = isGivenUp && task.killState === null
    ? "CANCELLED"
    : task.killState === "REQUEUED"
    ? null
    : task.killState;
  table.update(task.row, {
    state: killed ?? "NODE_FAIL",
    reason: killed === null ? "NodeDown" : killed === "TIMEOUT" ? "TimeLimit" : "None",
    batchState: "CANCELLED",
    cancelledBy: isGivenUp ? task.cancelledBy ?? task.spec.uid : task.cancelledBy,
    endMs: nowMs,
    process: null,
    exitCode: 0,
    killState: null,
    killSignalledMs: null,
  });
}

/**
 * Puts an ended job back into the queue, from where it starts at `beginMs` at the earliest; its earlier
 * run stays in accounting.
 */
export function requeueEnded(table: JobTable, task: Task, beginMs: number, nowMs: number): void {
  table.keepEarlierRun(task, {});
  resetForRun(table, task, nowMs, beginMs);
}

function requeue(
  table: JobTable,
  task: Task,
  batch: TaskChange,
  beginMs: number,
  nowMs: number,
): void {
  table.keepEarlierRun(task, { ...batch, state: "REQUEUED", killState: null });
  resetForRun(table, task, nowMs, beginMs);
}

/** The reason of a job that `scontrol requeuehold` put back; squeue writes blanks. */
const REQUEUED_IN_HELD_STATE = "job_requeued_in_held_state";

function resetForRun(table: JobTable, task: Task, nowMs: number, beginMs: number): void {
  const waits = beginMs > nowMs;
  table.update(task.row, {
    state: "PENDING",
    reason: task.hold !== "" ? REQUEUED_IN_HELD_STATE : waits ? "BeginTime" : "None",
    submitMs: nowMs,
    beginMs: waits ? beginMs : null,
    eligibleMs: beginMs,
    startMs: null,
    endMs: null,
    batchState: null,
    killState: null,
    killSignalledMs: null,
    cancelledBy: null,
    restarts: task.restarts + 1,
    process: null,
  });
}

function ownOutcome(end: ScriptEnd): { state: JobState; reason: string } {
  // Slurm calls the end by a signal a launch failure, whoever sent it.
  if (end.signal !== 0) return { state: "FAILED", reason: "JobLaunchFailure" };
  if (end.code !== 0) return { state: "FAILED", reason: "NonZeroExitCode" };
  return { state: "COMPLETED", reason: "None" };
}

function batchStateOf(end: ScriptEnd): JobState {
  if (end.signal !== 0) return "CANCELLED";
  return end.code === 0 ? "COMPLETED" : "FAILED";
}
