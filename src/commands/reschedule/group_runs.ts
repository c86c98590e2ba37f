import type { WaitingPlan } from "../../jobs/job.ts";
import { splitJobId } from "../../jobs/job_id.ts";
import { withoutSbatchOption } from "../../slurm/add_options.ts";
import { dependencyOfCommand } from "../../submit/command_dependency.ts";
import { wordsForArray } from "../../submit/rows/table_rows.ts";
import { UserError } from "../../errors.ts";
import type { PlannedRun } from "./repeat_call.ts";

/** A recorded run that becomes a task of an array again. */
export interface GroupedRun {
  /** The run. */
  readonly planned: PlannedRun;
  /** How it waits until the array is submitted. */
  readonly plan: WaitingPlan;
}

/** Recorded runs, in arrays again and not. */
export interface GroupedRuns {
  /** Those of each array, two at least. */
  readonly arrays: readonly (readonly GroupedRun[])[];
  /** The others in their order, with what stands in the way. */
  readonly singles: readonly { readonly planned: PlannedRun; readonly reason: string }[];
}

/**
 * Groups recorded rows of tables, and tasks of arrays that were jobs of their own, into arrays: those whose commands
 * differ in nothing but the arguments of their script, or the task's ID.
 */
export async function groupRuns(runs: readonly PlannedRun[]): Promise<GroupedRuns> {
  const groups = new Map<string, GroupedRun[]>();
  const reasons = new Map<PlannedRun, string>();
  const tasks = new Set<string>();
  for (const planned of runs) {
    try {
      const { name, plan } = await placeOf(planned);
      const task = `${name} ${plan.array?.task ?? planned.commit}`;
      if (tasks.has(task)) throw new SyntaxError("another one is also that task");
      tasks.add(task);
      groups.getOrInsert(name, []).push({ planned, plan });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      reasons.set(planned, error.message);
    }
  }
  for (const group of groups.values()) {
    if (group.length > 1) continue;
    reasons.set(group[0]!.planned, "no other one differs from it in arguments alone");
  }
  return {
    arrays: [...groups.values()].filter((group) => group.length > 1),
    singles: runs.flatMap((planned) => {
      const reason = reasons.get(planned);
      return reason === undefined ? [] : [{ planned, reason }];
    }),
  };
}

/**
 * The array that a run can be part of.
 *
 * @throws {SyntaxError} If it can be part of none; the message says why.
 */
async function placeOf(
  { chained, place, plan }: PlannedRun,
): Promise<{ readonly name: string; readonly plan: WaitingPlan }> {
  const { record } = chained.run;
  const { arrayTaskId: task } = splitJobId(record.slurmJobId);
  const dependency = await dependencyOfCommand(plan.command, place);
  if (chained.follows.length > 0 || dependency.text || plan.request.after?.length) {
    throw new SyntaxError("it waits for another job");
  }
  const { command, directory, inputs, awaited, transfers, toUnlock, request } = plan;
  const common = {
    ...{ directory, inputs, transfers, toUnlock },
    ...(awaited === undefined ? {} : { awaited }),
  };
  if (record.row) {
    const { program, options, script } = wordsOf(command);
    const name = [program, options, "wrap" in script ? null : script.path];
    return {
      name: JSON.stringify([name, record.row.table, directory, request.altDir]),
      plan: { ...common, command, array: { limit: null } },
    };
  }
  if (task === null) throw new SyntaxError("it was neither a table row nor a separate array task");
  const array = withoutSbatchOption(command, `--array=${task}`);
  if (array === command) throw new SyntaxError(`its command does not say --array=${task}`);
  return {
    name: JSON.stringify([array, directory, request.altDir]),
    // No array has no tasks: those that are submitted are always named.
    plan: { ...common, command: array, array: { limit: null, task, of: 0 } },
  };
}

/** @throws {SyntaxError} */
function wordsOf(command: string): ReturnType<typeof wordsForArray> {
  try {
    return wordsForArray(command);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new SyntaxError(error.message, { cause: error });
  }
}
