import { type EndTrouble, endTroubleOf } from "../scenario/job_trouble.ts";
import type { JobState } from "./job_state.ts";
import type { JobTable } from "./job_table.ts";
import type { ProcessEnd } from "./spawn_detached.ts";
import type { Task, TaskChange } from "./task.ts";

/** Nobody is ending it any more. */
const NOT_ENDING = { killState: null, killSignalledMs: null } as const;

/**
 * Writes down the end of a running job at `endMs`, whatever brought it about; one that was requeued starts
 * again at `againMs` at the earliest. Call it inside a transaction.
 */
export function recordEnd(
  table: JobTable,
  task: Task,
  end: ProcessEnd,
  { endMs, againMs }: { readonly endMs: number; readonly againMs: number },
): void {
  const { killState } = task;
  const batch = {
    batchState: end.signal !== 0 ? "CANCELLED" : end.code === 0 ? "COMPLETED" : "FAILED",
    batchCode: end.code,
    batchSignal: end.signal,
    endMs,
    process: null,
  } satisfies TaskChange;
  if (killState === "REQUEUED") {
    table.keepEarlierRun(task, { ...batch, state: "REQUEUED", killState: null });
    return resetForRun(table, task, endMs, againMs);
  }
  const trouble = endTroubleOf(task);
  // A job that its user cancelled, or that ran into its limit first, is past other troubles.
  if (trouble !== undefined && (killState ?? trouble.state) === trouble.state) {
    const change = { ...batch, ...troubledOutcome(trouble, end), ...NOT_ENDING };
    if (!trouble.requeue) return table.update(task.row, change);
    table.keepEarlierRun(task, change);
    return resetForRun(table, task, endMs, endMs + trouble.requeueAfterSeconds * 1000);
  }
  const outcome = killState === null ? ownOutcome(end) : {
    state: killState,
    reason: killState === "TIMEOUT" ? "TimeLimit" : "None",
  };
  const exit = { exitCode: end.code, exitSignal: end.signal };
  table.update(task.row, { ...batch, ...outcome, ...exit, ...NOT_ENDING });
}

/** Slurm's reason for each end that is not the job's own. */
const TROUBLE_REASONS: Readonly<Record<EndTrouble["state"], string>> = {
  ...{ BOOT_FAIL: "NodeDown", NODE_FAIL: "NodeDown", DEADLINE: "DeadLine", TIMEOUT: "TimeLimit" },
  ...{ FAILED: "NonZeroExitCode", OUT_OF_MEMORY: "OutOfMemory" },
  ...{ CANCELLED: "None", COMPLETED: "None", PREEMPTED: "None" },
};

/** What Slurm shows as the signal of a job that the kernel ended for want of memory. */
const OUT_OF_MEMORY_SIGNAL = 125;

function troubledOutcome({ state }: EndTrouble, { code }: ProcessEnd): TaskChange {
  const outcome = { state, reason: TROUBLE_REASONS[state] };
  if (state !== "OUT_OF_MEMORY") {
    return { ...outcome, exitCode: state === "FAILED" ? code || 1 : 0, exitSignal: 0 };
  }
  const batch = { batchState: state, batchCode: 0, batchSignal: OUT_OF_MEMORY_SIGNAL };
  return { ...outcome, ...batch, exitCode: 0, exitSignal: OUT_OF_MEMORY_SIGNAL };
}

/**
 * Writes down that the node lost a job: its process is gone and nobody saw how it ended. One that was
 * being ended anyway counts as ended so.
 */
export function recordLoss(table: JobTable, task: Task, nowMs: number): void {
  const killed = task.killState === "REQUEUED" ? null : task.killState;
  table.update(task.row, {
    state: killed ?? "NODE_FAIL",
    reason: killed === null ? "NodeDown" : killed === "TIMEOUT" ? "TimeLimit" : "None",
    batchState: "CANCELLED",
    endMs: nowMs,
    process: null,
    exitCode: 0,
    ...NOT_ENDING,
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

/** The reason of a job that `scontrol requeuehold` put back; squeue writes blanks. */
const REQUEUED_IN_HELD_STATE = "job_requeued_in_held_state";

function resetForRun(table: JobTable, task: Task, nowMs: number, beginMs: number): void {
  const waits = beginMs > nowMs;
  table.update(task.row, {
    state: "PENDING",
    reason: task.hold !== "" ? REQUEUED_IN_HELD_STATE : waits ? "BeginTime" : "None",
    ...{ submitMs: nowMs, beginMs: waits ? beginMs : null, eligibleMs: beginMs },
    ...{ startMs: null, endMs: null, batchState: null, ...NOT_ENDING, cancelledBy: null },
    ...{ restarts: task.restarts + 1, process: null },
  });
}

function ownOutcome(end: ProcessEnd): { state: JobState; reason: string } {
  // Slurm calls the end by a signal a launch failure, whoever sent it.
  if (end.signal !== 0) return { state: "FAILED", reason: "JobLaunchFailure" };
  if (end.code !== 0) return { state: "FAILED", reason: "NonZeroExitCode" };
  return { state: "COMPLETED", reason: "None" };
}
