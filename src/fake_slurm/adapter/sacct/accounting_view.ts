import { currentUser } from "../../manager/current_user.ts";
import type { JobSpec } from "../../manager/job_spec.ts";
import type { Task } from "../../manager/task.ts";
import type { Cluster } from "../../manager/state_directory.ts";
import { purgedFrom } from "../../scenario/job_trouble.ts";
import type { OlderRow } from "../../scenario/scenario.ts";

/**
 * The jobs as accounting has them: all of `tasks`, unless the scenario makes it lag, lose or keep other
 * rows.
 */
export function accountingView(
  tasks: readonly Task[],
  cluster: Cluster,
  nowMs: number,
): readonly Task[] {
  const { storage, lagSeconds, olderRows } = cluster.scenario.accounting;
  if (storage === "empty") return [];
  const kept = tasks.filter((task) => nowMs < purgedFrom(task));
  const seen = lagSeconds === 0 ? kept : asSeenAt(kept, nowMs - lagSeconds * 1000);
  if (olderRows.length === 0) return seen;
  const ids = new Set(seen.map(({ jobId, baseId }) => jobId ?? baseId));
  return [...olderRows.map((row) => toTask(row, ids.has(row.jobId), cluster, nowMs)), ...seen];
}

/** The tasks as they stood at `seenMs`. */
function asSeenAt(tasks: readonly Task[], seenMs: number): Task[] {
  const seen = tasks.filter(({ submitMs }) => submitMs <= seenMs)
    .map((task) => rewind(task, seenMs));
  const keyOf = ({ baseId, taskIndex }: Task) => `${baseId}_${taskIndex}`;
  const newest = new Map(seen.map((task) => [keyOf(task), task]));
  for (const task of seen) if (!task.superseded) newest.set(keyOf(task), task);
  return seen.map((task) =>
    newest.get(keyOf(task)) === task ? { ...task, superseded: false } : task
  );
}

function rewind(task: Task, seenMs: number): Task {
  const hasStarted = task.startMs !== null && task.startMs <= seenMs && task.batchState !== null;
  const hasEnded = task.endMs !== null && task.endMs <= seenMs;
  if (hasEnded) return task;
  const open = { endMs: null, killState: null, cancelledBy: null, exitCode: 0, exitSignal: 0 };
  if (hasStarted) {
    const batch = { batchState: "RUNNING" as const, batchCode: 0, batchSignal: 0 };
    return { ...task, ...open, ...batch, state: "RUNNING", reason: "None" };
  }
  return {
    ...task,
    ...open,
    state: "PENDING",
    reason: task.batchState === null ? task.reason : "None",
    jobId: task.taskIndex === null ? task.jobId : null,
    startMs: null,
    batchState: null,
  };
}

/** A row that was there before the job IDs began anew. */
function toTask(row: OlderRow, isReused: boolean, cluster: Cluster, nowMs: number): Task {
  const submitMs = nowMs - row.submittedSecondsAgo * 1000;
  const { jobId, name, state, exitCode } = row;
  return {
    ...{ row: -jobId, baseId: jobId, taskIndex: null, jobId, name, state, reason: "None" },
    ...{ hold: "", dependency: null, beginMs: null, timeLimit: null, cpus: 1, restarts: 0 },
    ...{ submitMs, eligibleMs: submitMs, startMs: submitMs },
    ...{ endMs: Math.min(submitMs + 1000, nowMs), exitCode, exitSignal: 0 },
    ...{ batchState: exitCode === 0 ? "COMPLETED" : "FAILED", batchCode: exitCode, batchSignal: 0 },
    ...{ killState: null, killSignalledMs: null, cancelledBy: null, process: null },
    superseded: isReused,
    spec: olderSpec(cluster),
  };
}

function olderSpec(cluster: Cluster): JobSpec {
  const { username, uid, gid } = currentUser();
  return {
    ...{ command: null, stdout: null, stderr: null, openMode: null, tasksPerNode: null },
    ...{ cpusPerTask: null, nodes: null, memPerNode: null, memPerCpu: null, comment: null },
    ...{ warning: null, array: null, exportList: null, tasks: 1, tasksGiven: false, requeue: true },
    ...{ user: username, group: String(gid), uid, gid, account: username },
    ...{ submitLine: "sbatch", args: [], workDir: "/", submitDir: "/", stdin: "/dev/null" },
    ...{ submitHost: cluster.node, sessionId: 1, partition: cluster.partitions[0]!, qos: "normal" },
    ...{ killOnInvalidDependency: false, troubles: [] },
  };
}
