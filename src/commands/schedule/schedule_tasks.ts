import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { UserError } from "../../errors.ts";
import { JobStore } from "../../store/job_store.ts";
import type { AddRowsOptions, NewWaitingRow } from "../../store/waiting_rows.ts";
import { hintForHolder, nameOfHolder, outputConflict } from "../../claims/output_conflict.ts";
import { heedExtensionLocks } from "../../extension/heed_locks.ts";
import { requireLabel } from "../../jobs/label.ts";
import { addSbatchOptions } from "../../slurm/add_options.ts";
import { openJobsIn } from "../../submit/awaited_inputs.ts";
import { predecessorsNamed } from "../../submit/find_predecessors.ts";
import { requireSavedScript } from "../../submit/gather_evidence.ts";
import { planSubmission } from "../../submit/plan_submission.ts";
import type { CommandToSubmit, SubmissionPlan } from "../../submit/plan_submission.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import { submitNoted } from "../../submit/rows/submit_waiting.ts";
import { warnOfIgnored } from "../../submit/warn_of_ignored.ts";
import { requireFreeOutputs } from "../../submit/submit_job.ts";
import type { CommandContext } from "../context.ts";
import { recordOfPlan } from "./render_dry_run.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { TASK, tasksOf } from "./task_outputs.ts";
import { commandAsGiven, placeCommand } from "./place_command.ts";

/**
 * Submits an array of which each task is a job of its own to us: it has its claims, its commit and its
 * record, in which the command is the one that repeats this task alone.
 */
export async function runScheduleTasks(
  given: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  const dataset = await context.openDataset(given.dataset);
  const { options, place, onInstall } = await placeCommand(given, dataset, context);
  const command = commandAsGiven(options, place);
  const tasks = await tasksOf(command.cmd, place, context);
  if (tasks.length > 1 && !options.output.some((path) => path.includes(TASK))) {
    throw new UserError(
      "USAGE",
      `Cannot separate the outputs of ${tasks.length} tasks: no -o contains ${TASK}`,
      {
        unchanged: "No job was submitted",
        hint: `dlslurm schedule --per-task -o 'results/${TASK}' sbatch --array=1-50 job.sh`,
      },
    );
  }
  using store = JobStore.openIn(dataset);
  const open = { dataset, store, session: context };
  await using sharing = ClaimSharing.of(dataset, store, context);
  if (options.dryRun === undefined) await recoverAndSettle(open);
  const after = await predecessorsNamed(open, options.after ?? []);
  const planning = {
    ...{ assumeReady: options.assumeReady, jobs: options.jobs, onInstall },
    openJobs: openJobsIn(() => store, dataset.worktree),
  };
  const plans: SubmissionPlan[] = [];
  for (const task of tasks) {
    const own = { ...commandOfTask(command, task, options.label), after };
    plans.push(await planSubmission(dataset, own, planning));
  }
  requireOneCommand(plans);
  const rows = plans.map((plan, at) => rowOf(plan, tasks[at]!, tasks.length));
  if (options.dryRun !== undefined) {
    if (options.checkOutputs) { for (const plan of plans) requireFreeOutputs(open, plan); }
    if (!context.isTailored) {
      for (const { request, plan } of rows) context.report(recordOfPlan(dataset, request, plan));
    } else await context.show({ text: renderTasks(rows, options.dryRun) });
    return;
  }
  if (options.requireSaved === true) await requireSavedScript(dataset, plans[0]!, context);
  const outputs = rows.flatMap(({ request }) => request.outputs);
  if (options.checkOutputs) {
    await heedExtensionLocks(open, outputs);
    await sharing.warnOfConflicts(outputs);
  }
  const keys = noteRows(rows, store, {
    ...{ checksOutputs: options.checkOutputs, again: true, isTrial: false },
    submitter: JSON.stringify(await context.process()),
    nowMs: context.now().getTime(),
  });
  await warnOfIgnored(dataset, outputs, context);
  await submitNoted(open, { keys, parallel: 1 });
  if (options.finishWhenDone !== true) return;
  const { finishWhenDone } = await import("../../submit/finishing/submit_finishing_job.ts");
  await finishWhenDone(open, context);
}

/** The command with what only one task reads, writes and is called. */
function commandOfTask(
  command: CommandToSubmit,
  task: number,
  label: string | undefined,
): CommandToSubmit {
  const filled = (text: string) => text.replaceAll(TASK, String(task));
  return {
    ...command,
    inputs: command.inputs.map(filled),
    extraInputs: command.extraInputs.map(filled),
    outputs: command.outputs.map(filled),
    label: label === undefined ? null : requireLabel(filled(label)),
    message: command.message === null ? null : filled(command.message),
  };
}

function rowOf({ request, ...plan }: SubmissionPlan, task: number, of: number): NewWaitingRow {
  return {
    request: { ...request, cmd: addSbatchOptions(request.cmd, [`--array=${task}`]) },
    // The same array may be submitted any number of times.
    identity: crypto.randomUUID(),
    plan: { ...plan, array: { limit: null, task, of } },
  };
}

/**
 * One command submits all tasks.
 *
 * @throws {UserError} `USAGE`
 */
function requireOneCommand(plans: readonly SubmissionPlan[]): void {
  const [first, ...others] = plans.map(({ command }) => command);
  const other = others.find((command) => command !== first);
  if (other === undefined) return;
  throw new UserError(
    "USAGE",
    `Cannot submit the tasks as one array: their commands differ, "${first}" and "${other}"`,
    {
      unchanged: "No job was submitted",
      hint: "let the script decide by $SLURM_ARRAY_TASK_ID what its task reads and writes, " +
        "or write a table: dlslurm schedule --from TABLE --array",
    },
  );
}

function noteRows(
  rows: readonly NewWaitingRow[],
  store: JobStore,
  options: AddRowsOptions,
): readonly number[] {
  const added = store.waiting.add(rows, options);
  if (!("conflicts" in added)) return added.keys;
  const { path, claim, with: holder } = added.conflicts[0]!;
  if (typeof holder !== "number") {
    throw outputConflict(path, claim, nameOfHolder(holder), { hint: hintForHolder(holder) });
  }
  throw outputConflict(path, claim, `task ${rows[holder]!.plan.array!.task} of the same array`, {
    hint: `name outputs so that each task has its own: -o 'results/${TASK}'`,
  });
}

function renderTasks(rows: readonly NewWaitingRow[], detail: "basic" | "command"): string {
  const command = rows[0]!.plan.command;
  if (detail === "command") return `${command}\n`;
  const lines = rows.map(({ request, plan }) =>
    ` task ${plan.array!.task}: outputs: ${request.outputs.join(" ")}; ` +
    `inputs: ${request.inputs.join(" ") || "none"}` +
    (request.extraInputs.length === 0 ? "" : `; extra inputs: ${request.extraInputs.join(" ")}`) +
    "\n"
  );
  return `Dry run information\n ${rows.length} tasks would be submitted: ${command}\n${
    lines.join("")
  }`;
}
