import { inTransaction } from "../../store/open_store.ts";
import { parseSlurmTime } from "../clock_text.ts";
import { SlurmRefusal } from "../context.ts";
import { parseDependency } from "../dependency.ts";
import { requeueEnded } from "../end_job.ts";
import { isEnded } from "../job_state.ts";
import type { JobTable } from "../job_table.ts";
import type { Task, TaskChange } from "../task.ts";
import { parseTimeLimit } from "../time_limit.ts";
import { findCandidates, isSelected, parseSelection } from "./job_id_list.ts";

/** The tasks that scontrol may change under `id`; none if it is no job ID. */
function findTasks(table: JobTable, id: string): Task[] {
  try {
    const selection = parseSelection(id);
    const candidates = findCandidates(table, [selection]);
    return candidates.filter((task) => !task.superseded && isSelected(task, selection));
  } catch {
    return [];
  }
}

function requireTasks(table: JobTable, id: string, after = ""): Task[] {
  const tasks = findTasks(table, id);
  if (tasks.length > 0) return tasks;
  throw new SlurmRefusal(`Invalid job id specified for job ${id}\n${after}`);
}

/** Holds waiting jobs back, or lets them go. */
export function holdJobs(table: JobTable, id: string, isHeld: boolean): void {
  inTransaction(table.database, () => {
    const complaint = "slurm_suspend error: Invalid job id specified\n";
    for (const task of requireTasks(table, id, complaint)) {
      if (task.state !== "PENDING") continue;
      table.update(task.row, {
        hold: isHeld ? "user" : "",
        reason: isHeld ? "JobHeldUser" : task.dependency === null ? "None" : "Dependency",
        eligibleMs: isHeld ? null : task.beginMs ?? Date.now(),
      });
    }
  });
}

/** Runs jobs again: a running one is stopped first, `isHeld` keeps it from starting. */
export function requeueJobs(
  table: JobTable,
  id: string,
  isHeld: boolean,
  requeueDelayMs: number,
): void {
  inTransaction(table.database, () => {
    for (const task of requireTasks(table, id)) {
      if (!task.spec.requeue || !task.spec.batch) {
        throw new SlurmRefusal(`Requested operation is presently disabled for job ${id}\n`);
      }
      const hold = isHeld ? "user" as const : "" as const;
      if (task.state === "RUNNING") table.update(task.row, { killState: "REQUEUED", hold });
      else if (isEnded(task.state)) {
        table.update(task.row, { hold });
        const nowMs = Date.now();
        requeueEnded(table, { ...task, hold }, nowMs + requeueDelayMs, nowMs);
      } else {
        throw new SlurmRefusal(
          `Job is pending execution for job ${id}\n`,
        );
      }
    }
  });
}

/** Applies `scontrol update jobid=ID KEY=VALUE…`. */
export function updateJobs(table: JobTable, words: readonly string[]): void {
  const pairs = words.map((word) => {
    const at = word.search(/[+-]?=/);
    return [word.slice(0, at).toLowerCase(), word.slice(word.indexOf("=") + 1), word] as const;
  });
  const id = pairs.find(([key]) => key === "jobid" || key === "job")?.[1];
  if (id === undefined) throw new SlurmRefusal("No valid entity in update command\n");
  inTransaction(table.database, () => {
    const tasks = requireTasks(table, id);
    for (const [key, value, word] of pairs) {
      if (key === "jobid" || key === "job") continue;
      for (const task of tasks) table.update(task.row, readChange(key, value, word, task));
    }
  });
}

function readChange(key: string, value: string, word: string, task: Task): TaskChange {
  switch (key) {
    case "timelimit":
      try {
        return { timeLimit: parseTimeLimit(value) };
      } catch {
        throw new SlurmRefusal("Invalid TimeLimit value\n");
      }
    case "jobname":
    case "name":
      return { name: value };
    case "starttime":
      return { beginMs: parseSlurmTime(value, { now: Date.now(), allowPast: false }) };
    case "dependency":
      if (value === "") {
        return { dependency: null, reason: task.hold === "" ? "None" : task.reason };
      }
      try {
        parseDependency(value);
      } catch {
        throw new SlurmRefusal(`Job dependency problem for job ${task.jobId ?? task.baseId}\n`);
      }
      return { dependency: value, reason: "Dependency" };
    case "priority":
      return value === "0"
        ? { hold: "user", reason: "JobHeldUser" }
        : { hold: "", reason: task.dependency === null ? "None" : "Dependency" };
    default:
      throw new SlurmRefusal(
        `Update of this parameter is not supported: ${word}\nRequest aborted\n`,
      );
  }
}
