/**
 * `dlslurm schedule`: submits a command as a job, each row of a table as one, or each task of an array.
 *
 * *Inputs* are what the job reads, *outputs* what it may write: from its submission on they are its *claims*. A
 * *predecessor* is a job that it waits for, named by ID or *label*. A *row* waits in the store until it is
 * submitted, and goes on waiting where the site takes no more jobs. A *dry run* shows what would be submitted,
 * and changes nothing.
 *
 * @module
 */

import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import type { OpenDataset } from "../../claims/open_dataset.ts";
import { UserError } from "../../errors.ts";
import { statIfPresent } from "../../fs/if_present.ts";
import { JobStore } from "../../store/job_store.ts";
import { storeFileOf } from "../../store/store_place.ts";
import { findOvertaken, NO_OPEN_JOBS, openJobsIn } from "../../submit/awaited_inputs.ts";
import type { OpenJobs } from "../../submit/awaited_inputs.ts";
import { requireLabel } from "../../jobs/label.ts";
import type { CommandPlace } from "../../submit/command_place.ts";
import type { CommandContext } from "../context.ts";
import { heedExtensionLocks } from "../../extension/heed_locks.ts";
import { firstOf } from "../../session/name_list.ts";
import { nameOfHolder } from "../../claims/output_conflict.ts";
import { requireSavedScript } from "../../submit/gather_evidence.ts";
import { planSubmission } from "../../submit/plan_submission.ts";
import type {
  CommandToSubmit,
  Predecessors,
  SubmissionPlan,
} from "../../submit/plan_submission.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import { reportScheduled } from "../../submit/report_submission.ts";
import { firstGiven } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { requireFreeOutputs, submitJob } from "../../submit/submit_job.ts";
import { commandAsGiven, placeCommand } from "./place_command.ts";

/** Submits one job, or each row of a table as one, or shows what would be submitted. */
export async function runSchedule(
  given: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  if (given.from !== undefined || given.continue === true) {
    const { runScheduleTable } = await import("./schedule_table.ts");
    return await runScheduleTable(given, context);
  }
  refuseTableOptions(given);
  if (given.perTask === true) {
    const { runScheduleTasks } = await import("./schedule_tasks.ts");
    return await runScheduleTasks(given, context);
  }
  const dataset = await context.openDataset(given.dataset);
  const { options, place, onInstall } = await placeCommand(given, dataset, context);
  const command = commandAsGiven(options, place);
  using opened = new DisposableStack();
  let store: JobStore | undefined;
  const openStore = () => store ??= opened.use(JobStore.openIn(dataset));
  // A plan makes no store: without one there are no open jobs.
  const hasStore = await statIfPresent(storeFileOf(dataset)) !== undefined;
  const openJobs = hasStore ? openJobsIn(openStore, dataset.worktree) : NO_OPEN_JOBS;
  const label = options.label === undefined ? null : requireLabel(options.label);
  const lookAt = () => hasStore ? openStore() : opened.use(JobStore.openToLook(dataset));
  const after = (options.after ?? []).length === 0
    ? {}
    : { after: await predecessorsOf({ dataset, store: lookAt(), session: context }, options) };
  const tasks = await taskOutputsOf(command, context);
  const plan = await planSubmission(dataset, { ...command, ...tasks, label, ...after }, {
    ...{ assumeReady: options.assumeReady, jobs: options.jobs, onInstall, openJobs },
  });
  if (options.dryRun !== undefined) {
    if (options.checkOutputs) {
      await requireClaimable({ dataset, store: lookAt(), session: context }, plan);
    }
    const { recordOfPlan, renderDryRun } = await import("./render_dry_run.ts");
    if (!context.isTailored) return context.report(recordOfPlan(dataset, plan.request, plan));
    return await context.show({ text: renderDryRun(plan, options.dryRun, dataset.root) });
  }
  if (options.requireSaved === true) await requireSavedScript(dataset, plan, context);
  const open = { dataset, store: openStore(), session: context };
  await using sharing = ClaimSharing.of(dataset, open.store, context);
  await recoverAndSettle(open);
  if (options.checkOutputs) await heedExtensionLocks(open, plan.request.outputs);
  await warnOfOvertaken(plan, place, openJobs, context);
  if (options.checkOutputs) await sharing.warnOfConflicts(plan.request.outputs);
  const job = await submitJob(open, plan, options.checkOutputs);
  reportScheduled(open, job, plan.command, { action: "slurm-schedule" });
  if (options.finishWhenDone !== true) return;
  // Loaded only then: schedule is to be quick.
  const { finishWhenDone } = await import("../../submit/finishing/submit_finishing_job.ts");
  await finishWhenDone(open, context);
}

/** A dry run is refused as the submission would be. */
async function requireClaimable(open: OpenDataset, plan: SubmissionPlan): Promise<void> {
  await heedExtensionLocks(open, plan.request.outputs);
  requireFreeOutputs(open, plan);
}

/** Most commands are no arrays: what it takes to read those is loaded only then. */
async function taskOutputsOf(
  { outputs, cmd, place }: CommandToSubmit,
  context: CommandContext,
): Promise<Partial<CommandToSubmit>> {
  if (!outputs.some((output) => /(?<!\{)\{task\}(?!\})/.test(output))) return {};
  const { expandTaskOutputs } = await import("./task_outputs.ts");
  return await expandTaskOutputs(outputs, cmd, place, context);
}

async function predecessorsOf(
  open: OpenDataset,
  { after = [], dryRun }: ScheduleOptions,
): Promise<Predecessors> {
  // What that takes is loaded only then: most jobs wait for nobody.
  const { predecessorsNamed } = await import("../../submit/find_predecessors.ts");
  // A submission that a crash has cut short may be the one to be waited for.
  if (dryRun === undefined) await recoverAndSettle(open);
  return await predecessorsNamed(open, after);
}

/** More names than this are counted. */
const MOST_NAMES = 5;

/** Says which inputs open jobs will write once more, where the command does not wait for them. */
async function warnOfOvertaken(
  plan: SubmissionPlan,
  place: CommandPlace,
  openJobs: OpenJobs,
  context: CommandContext,
): Promise<void> {
  const present = plan.inputs.filter((path) => !plan.awaited?.includes(path));
  const overtaken = await findOvertaken(present, plan.command, place, openJobs);
  if (overtaken.length === 0) return;
  const { writer } = overtaken[0]!;
  const paths = overtaken.filter((one) => one.writer.jobKey === writer.jobKey).map(({ path }) =>
    path
  );
  context.warn(
    `${nameOfHolder(writer)} will write what this one reads, and may not have done so by then: ` +
      firstOf(paths, MOST_NAMES),
  );
}

function refuseTableOptions(options: ScheduleOptions): void {
  const given = firstGiven(options, [
    "--from-format",
    "--array",
    "--array-limit",
    "--again",
    "--notify",
  ]);
  if (given === undefined) return;
  throw new UserError("USAGE", `Cannot use ${given} without --from`, {
    unchanged: "No job was submitted",
    hint: "dlslurm schedule --from samples.csv -o 'results/{sample}' sbatch job.sh '{sample}'",
  });
}
