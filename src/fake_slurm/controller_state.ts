import type { JobState } from "./job_state.ts";
import type { Task } from "./task.ts";
import { completingUntil } from "./scenario/job_trouble.ts";

/**
 * The state as slurmctld shows it: a job that is being ended, or whose node is still being cleaned, is
 * COMPLETING. Accounting already has its end by then.
 */
export function controllerState(task: Task, nowMs: number): JobState {
  const isBeingEnded = task.killState !== null && task.state === "RUNNING";
  return isBeingEnded || nowMs < completingUntil(task) ? "COMPLETING" : task.state;
}
