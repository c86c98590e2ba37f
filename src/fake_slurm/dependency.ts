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
  /** Minutes to wait after the start, `after:ID+MINUTES`. */
  readonly delayMinutes?: number;
}

/** Conditions of which all (`,`) or one (`?`) must hold. */
export interface Dependency {
  /** Without a `?` in the text: Slurm has no mixture. */
  readonly needsAll: boolean;
  /** One for each job ID, also where several share a type. */
  readonly conditions: readonly Condition[];
}

/**
 * Reads `--dependency`: `afterok:1:2,afterany:3`, `?` in place of `,` for "any of", `singleton`.
 *
 * @throws {SyntaxError} If it is none.
 */
export function parseDependency(text: string): Dependency {
  const needsAll = !text.includes("?");
  const conditions: Condition[] = [];
  for (const part of text.split(/[,?]/)) {
    const [type = "", ...ids] = part.split(":");
    if (type === "singleton" && ids.length === 0) {
      conditions.push({ type });
      continue;
    }
    if (!TYPES.includes(type) || ids.length === 0) {
      throw new SyntaxError(`Cannot read the dependency "${part}"`);
    }
    for (const id of ids) conditions.push(parseTarget(type, id));
  }
  return { needsAll, conditions };
}

function parseTarget(type: string, text: string): Condition {
  const match = /^(\d+)(?:_(\d+|\*))?(?:\+(\d+))?$/.exec(text);
  if (match === null) throw new SyntaxError(`Cannot read the job ID "${text}" of a dependency`);
  return {
    type,
    jobId: Number(match[1]),
    ...(match[2] === undefined || match[2] === "*" ? {} : { taskIndex: Number(match[2]) }),
    ...(match[3] === undefined ? {} : { delayMinutes: Number(match[3]) }),
  };
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
export function judgeDependency(table: JobTable, task: Task, nowMs: number): DependencyOutlook {
  if (task.dependency === null) return { state: "fulfilled", text: "(null)" };
  const { needsAll, conditions } = parseDependency(task.dependency);
  const judged = conditions.map((condition) => ({
    condition,
    state: judge(table, task, condition, nowMs),
  }));
  const open = judged.filter(({ state }) => state !== "fulfilled");
  const failed = open.filter(({ state }) => state === "failed");
  const done = needsAll ? open.length === 0 : open.length < judged.length;
  if (done) return { state: "fulfilled", text: "(null)" };
  const hopeless = needsAll ? failed.length > 0 : failed.length === judged.length;
  const text = open.map(({ condition, state }) => `${renderCondition(table, condition)}(${state})`);
  return { state: hopeless ? "failed" : "unfulfilled", text: text.join(needsAll ? "," : "?") };
}

/** An array as a whole is shown as `151_*`. */
function renderCondition(table: JobTable, condition: Condition): string {
  if (condition.jobId === undefined) return condition.type;
  const isArray = condition.taskIndex === undefined &&
    table.find("base_id = ? AND task_index IS NOT NULL", condition.jobId).length > 0;
  const index = isArray ? "_*" : condition.taskIndex === undefined ? "" : `_${condition.taskIndex}`;
  const delay = condition.delayMinutes === undefined ? "" : `+${condition.delayMinutes}`;
  return `${condition.type}:${condition.jobId}${index}${delay}`;
}

function judge(
  table: JobTable,
  task: Task,
  condition: Condition,
  nowMs: number,
): DependencyState {
  if (condition.jobId === undefined) return judgeSingleton(table, task);
  let targets = table.findByJobId(condition.jobId).filter((target) => !target.superseded);
  const index = condition.type === "aftercorr" ? task.taskIndex : condition.taskIndex ?? null;
  if (index !== null) targets = targets.filter((target) => target.taskIndex === index);
  // A job that Slurm does not know (any more) counts as having ended well.
  if (targets.length === 0) return "fulfilled";
  switch (condition.type) {
    case "after": {
      const delayMs = (condition.delayMinutes ?? 0) * 60_000;
      const begun = targets.every((target) =>
        isEnded(target.state) || (target.startMs !== null && target.startMs + delayMs <= nowMs)
      );
      return begun ? "fulfilled" : "unfulfilled";
    }
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
