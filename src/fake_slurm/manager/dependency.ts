import type { JobTable } from "./job_table.ts";
import type { Task } from "./task.ts";
import { isEnded } from "./job_state.ts";

const TYPES = ["after", "afterany", "afterok", "afternotok", "aftercorr", "afterburstbuffer"];

/** One condition on another job. */
export interface Condition {
  /** `after`, `afterok` and so on, sbatch(1); `singleton` waits for earlier jobs of the same name. */
  readonly type: string;
  /** Missing for `singleton`. */
  readonly jobId?: number;
  /** One task of an array, where the dependency names one. */
  readonly taskIndex?: number;
}

/**
 * Reads `--dependency`: `afterok:1:2_3,afterany:4`, `singleton`; all of it must hold.
 *
 * @throws {SyntaxError} If it is none.
 */
export function parseDependency(text: string): Condition[] {
  return text.split(",").flatMap((part): Condition[] => {
    const [type = "", ...ids] = part.split(":");
    if (type === "singleton" && ids.length === 0) return [{ type }];
    if (!TYPES.includes(type) || ids.length === 0) {
      throw new SyntaxError(`Cannot read the dependency "${part}"`);
    }
    return ids.map((id) => {
      const match = /^(\d+)(?:_(\d+|\*))?$/.exec(id);
      if (match === null) throw new SyntaxError(`Cannot read the job ID "${id}" of a dependency`);
      const [, jobId, index = "*"] = match;
      return { type, jobId: Number(jobId), ...(index === "*" ? {} : { taskIndex: Number(index) }) };
    });
  });
}

/** How a dependency stands. */
export type DependencyState = "fulfilled" | "unfulfilled" | "failed";

/** A dependency's state, and the text of what is left of it as scontrol shows it. */
export interface DependencyOutlook {
  /** `failed` once it can never be fulfilled. */
  readonly state: DependencyState;
  /** `(null)` once it is fulfilled. */
  readonly text: string;
}

/** Where `task` stands with the jobs it waits for. */
export function judgeDependency(table: JobTable, task: Task): DependencyOutlook {
  const conditions = task.dependency === null ? [] : parseDependency(task.dependency);
  const open = conditions
    .map((condition) => ({ condition, state: judge(table, task, condition) }))
    .filter(({ state }) => state !== "fulfilled");
  if (open.length === 0) return { state: "fulfilled", text: "(null)" };
  const text = open.map(({ condition, state }) => `${renderCondition(table, condition)}(${state})`);
  const isFailed = open.some(({ state }) => state === "failed");
  return { state: isFailed ? "failed" : "unfulfilled", text: text.join(",") };
}

/** An array as a whole is shown as `151_*`. */
function renderCondition(table: JobTable, { type, jobId, taskIndex }: Condition): string {
  if (jobId === undefined) return type;
  const isArray = taskIndex === undefined &&
    table.find("base_id = ? AND task_index IS NOT NULL", jobId).length > 0;
  return `${type}:${jobId}${isArray ? "_*" : taskIndex === undefined ? "" : `_${taskIndex}`}`;
}

function judge(table: JobTable, task: Task, condition: Condition): DependencyState {
  if (condition.jobId === undefined) return judgeSingleton(table, task);
  let targets = table.findByJobId(condition.jobId).filter((target) => !target.superseded);
  const index = condition.type === "aftercorr" ? task.taskIndex : condition.taskIndex ?? null;
  if (index !== null) targets = targets.filter((target) => target.taskIndex === index);
  // A job that Slurm does not know (any more) counts as having ended well.
  if (targets.length === 0) return "fulfilled";
  switch (condition.type) {
    case "after":
      return targets.every((one) => isEnded(one.state) || one.startMs !== null)
        ? "fulfilled"
        : "unfulfilled";
    case "afterok":
    case "aftercorr":
      if (targets.some((one) => isEnded(one.state) && one.state !== "COMPLETED")) return "failed";
      return targets.every((one) => isEnded(one.state)) ? "fulfilled" : "unfulfilled";
    case "afternotok":
      if (targets.some((one) => !isEnded(one.state))) return "unfulfilled";
      return targets.some((one) => one.state !== "COMPLETED") ? "fulfilled" : "failed";
    default:
      return targets.every((one) => isEnded(one.state)) ? "fulfilled" : "unfulfilled";
  }
}

/** `singleton`: no earlier job of this name and user is left. */
function judgeSingleton(table: JobTable, task: Task): DependencyState {
  const earlier = table.find(
    "name = ? AND base_id < ? AND state IN ('PENDING', 'RUNNING')",
    task.name,
    task.baseId,
  );
  return earlier.length === 0 ? "fulfilled" : "unfulfilled";
}
