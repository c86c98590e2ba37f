import { SlurmRefusal } from "../../context.ts";
import { requeueEnded } from "../../manager/end_job.ts";
import { isEnded } from "../../manager/job_state.ts";
import type { JobTable } from "../../manager/job_table.ts";
import type { Task } from "../../manager/task.ts";
import { findCandidates, isSelected, parseSelection } from "../job_id_list.ts";

/** The tasks that scontrol may change under `id`, a job ID or `jobname=NAME`; none if it is neither. */
function findTasks(table: JobTable, id: string): Task[] {
  const [, key = "", value = ""] = /^(?:(\w+)=)?(.*)$/s.exec(id) ?? [];
  if (/^(job)?name$/i.test(key)) {
    return table.find("name = ? AND superseded = 0 AND end_ms IS NULL", value);
  }
  try {
    const selection = parseSelection(/^job(id)?$/i.test(key) ? value : id);
    const candidates = findCandidates(table, [selection]);
    return candidates.filter((task) => !task.superseded && isSelected(task, selection));
  } catch {
    return [];
  }
}

/**
 * The tasks under `id`.
 *
 * @throws {SlurmRefusal} If there are none; `after` follows the complaint.
 */
export function requireTasks(table: JobTable, id: string, after = ""): Task[] {
  const tasks = findTasks(table, id);
  if (tasks.length > 0) return tasks;
  throw new SlurmRefusal(`Invalid job id specified for job ${id}\n${after}`);
}

/** Holds waiting jobs back, or lets them go. */
export function holdJobs(table: JobTable, id: string, isHeld: boolean): void {
  table.transaction(() => {
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
  table.transaction(() => {
    for (const task of requireTasks(table, id)) {
      if (!task.spec.requeue) {
        throw new SlurmRefusal(`Requested operation is presently disabled for job ${id}\n`);
      }
      const hold = isHeld ? "user" as const : "" as const;
      if (task.state === "RUNNING") table.update(task.row, { killState: "REQUEUED", hold });
      else if (isEnded(task.state)) {
        table.update(task.row, { hold });
        const nowMs = Date.now();
        requeueEnded(table, { ...task, hold }, nowMs + requeueDelayMs, nowMs);
      } else throw new SlurmRefusal(`Job is pending execution for job ${id}\n`);
    }
  });
}
