import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { JobStore } from "../../store/job_store.ts";
import type { NewWaitingRow } from "../../store/waiting_rows.ts";
import { dropWaiting } from "../../claims/make_room.ts";
import { hintForHolder, nameOfHolder, outputConflict } from "../../claims/output_conflict.ts";
import { readExtensionLocks, requireUnlocked } from "../../extension/jobs.ts";
import { requireLabel } from "../../jobs/label.ts";
import { addSbatchOptions } from "../../slurm/add_options.ts";
import { openJobsIn } from "../../submit/awaited_inputs.ts";
import { findPredecessors, gatherPredecessors, noteEnded } from "../../submit/find_predecessors.ts";
import { EvidenceGatherer } from "../../submit/gather_evidence.ts";
import { planSubmission } from "../../submit/plan_submission.ts";
import type { Predecessors, SubmissionPlan } from "../../submit/plan_submission.ts";
import { recoverAndSettle } from "../../submit/recover_submissions.ts";
import { reportRest, submitWaiting } from "../../submit/rows/submit_waiting.ts";
import { warnOfIgnored } from "../../submit/warn_of_ignored.ts";
import type { CommandContext } from "../context.ts";
import { recordOfPlan } from "./render_dry_run.ts";
import { commandLineOf } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { TASK, tasksOf } from "./task_outputs.ts";
import { placeCommand } from "./place_command.ts";

/**
 * Submits an array of which each task is a job of its own to us: it has its claims, its commit and its
 * record, in which the command is the one that repeats this task alone.
 */
export async function runScheduleTasks(
  given: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  const dataset = await openDataset(context.runner, context.cwd, given.dataset);
  const { options, place, onInstall } = await placeCommand(given, dataset, context);
  const cmd = commandLineOf(options.command);
  const tasks = await tasksOf(cmd, place, context);
  if (tasks.length > 1 && !options.output.some((path) => path.includes(TASK))) {
    throw new UserError(
      "USAGE",
      `Cannot tell the outputs of ${tasks.length} tasks apart: none has ${TASK} in it. No job was submitted`,
      { hint: `dlslurm schedule --per-task -o 'results/${TASK}' sbatch --array=1-50 job.sh` },
    );
  }
  using store = JobStore.openIn(dataset);
  await using sharing = ClaimSharing.of(dataset, store, context);
  if (options.dryRun === undefined) await recoverAndSettle(dataset, store, context);
  const after = await predecessorsOf(dataset, store, options.after ?? [], context);
  const rows: NewWaitingRow[] = [];
  const plans: SubmissionPlan[] = [];
  for (const task of tasks) {
    const filled = (text: string) => text.replaceAll(TASK, String(task));
    const plan = await planSubmission(
      dataset,
      {
        cmd,
        place,
        inputs: options.input.map(filled),
        outputs: options.output.map(filled),
        outputsFrom: place.directory,
        message: options.message === undefined ? null : filled(options.message),
        chain: [],
        extraInputs: options.extraInput.map(filled),
        rescheduledJobId: null,
        expandsInputs: options.expand === "inputs" || options.expand === "both",
        alsoWritten: [],
        label: options.label === undefined ? null : requireLabel(filled(options.label)),
        after,
      },
      { ...options, jobs: options.jobs ?? 1 },
      onInstall,
      openJobsIn(() => store, dataset.worktree),
    );
    plans.push(plan);
    rows.push(rowOf(plan, task, tasks.length));
  }
  requireOneCommand(plans);
  if (options.dryRun !== undefined) {
    if (!context.isTailored) {
      for (const { request, plan } of rows) context.report(recordOfPlan(dataset, request, plan));
    } else await context.show({ text: renderTasks(rows, options.dryRun) });
    return;
  }
  if (options.requireSaved === true) {
    using gatherer = new EvidenceGatherer(dataset, context);
    await gatherer.requireSaved(plans[0]!);
  }
  const locks = await readExtensionLocks(dataset, store, context, options.checkOutputs);
  for (const { request } of rows) requireUnlocked(locks, request.outputs);
  const keys = noteRows(store, rows, options, JSON.stringify(await context.process()), context);
  const outputs = rows.flatMap(({ request }) => request.outputs);
  await warnOfIgnored(dataset, outputs, context);
  try {
    if (options.checkOutputs) await sharing.warnOfConflicts(outputs);
    const result = await submitWaiting(dataset, store, { keys, parallel: 1 }, context);
    reportRest(dataset, store, result, context);
  } catch (error) {
    await dropWaiting(dataset, store, keys);
    throw error;
  }
  if (options.finishWhenDone !== true) return;
  const { finishWhenDone } = await import("../../submit/finishing/submit_finishing_job.ts");
  await finishWhenDone(dataset, store, context, context);
}

async function predecessorsOf(
  dataset: Dataset,
  store: JobStore,
  names: readonly string[],
  context: CommandContext,
): Promise<Predecessors> {
  const found = gatherPredecessors(names, await findPredecessors(dataset, store, names, context));
  noteEnded([found], context);
  return found;
}

function rowOf(plan: SubmissionPlan, task: number, of: number): NewWaitingRow {
  const { request, command, directory, inputs, extra, awaited, transfers, toUnlock } = plan;
  return {
    request: { ...request, cmd: addSbatchOptions(request.cmd, [`--array=${task}`]) },
    // The same array may be submitted any number of times.
    identity: crypto.randomUUID(),
    plan: {
      command,
      directory,
      ...{ inputs, transfers, toUnlock },
      ...(extra === undefined ? {} : { extra }),
      ...(awaited === undefined ? {} : { awaited }),
      array: { limit: null, task, of },
    },
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
      hint: "let the script tell by $SLURM_ARRAY_TASK_ID what its task reads and writes, " +
        "or write a table: dlslurm schedule --from TABLE --array",
    },
  );
}

function noteRows(
  store: JobStore,
  rows: readonly NewWaitingRow[],
  { checkOutputs }: ScheduleOptions,
  submitter: string,
  context: CommandContext,
): readonly number[] {
  const nowMs = context.now().getTime();
  const added = store.waiting.add(rows, {
    ...{ checksOutputs: checkOutputs, again: true, isTrial: false },
    ...{ submitter, nowMs },
  });
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
