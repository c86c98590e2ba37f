import { openDataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { JobStore } from "../../store/job_store.ts";
import { requirePlace } from "../submit/command_place.ts";
import type { CommandContext } from "../context.ts";
import { readExtensionLocks, requireUnlocked } from "../extension/extension_jobs.ts";
import { planSubmission } from "../submit/plan_submission.ts";
import { recoverSubmissions } from "../submit/recover.ts";
import { renderDryRun } from "./render_dry_run.ts";
import { reportInstalled, reportScheduled } from "../submit/report_submission.ts";
import { commandLineOf, firstGiven } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { submitJob } from "../submit/submit_job.ts";

/** Submits one job, or each row of a table as one, or shows what would be submitted. */
export async function runSchedule(
  options: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  if (options.from !== undefined || options.continue === true) {
    const { runScheduleTable } = await import("./schedule_table.ts");
    return await runScheduleTable(options, context);
  }
  refuseTableOptions(options);
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  const directory = options.dataset === undefined ? context.cwd : dataset.root;
  const cmd = commandLineOf(options.command);
  const place = await requirePlace(dataset, directory, options.altDir, context.cwd);
  const plan = await planSubmission(
    dataset,
    {
      cmd,
      place,
      inputs: options.input,
      outputs: options.output,
      outputsFrom: directory,
      message: options.message ?? null,
      chain: [],
      extraInputs: [],
      rescheduledJobId: null,
      expandsInputs: options.expand === "inputs" || options.expand === "both",
      alsoWritten: [],
    },
    { ...options, jobs: options.jobs ?? 1 },
    options.dryRun === undefined ? (path) => reportInstalled(dataset, path, context) : null,
  );
  if (options.dryRun !== undefined) {
    context.io.out(renderDryRun(plan, options.dryRun, dataset.root));
    return;
  }
  using store = JobStore.openIn(dataset);
  await recoverSubmissions(dataset, store, context);
  const locks = await readExtensionLocks(dataset, store, context, options.checkOutputs);
  requireUnlocked(locks, plan.request.outputs);
  const job = await submitJob(dataset, store, plan, context, options.checkOutputs);
  reportScheduled("slurm-schedule", dataset, job, plan.command, context);
}

function refuseTableOptions(options: ScheduleOptions): void {
  const given = firstGiven(options, ["--from-format", "--array", "--array-limit", "--again"]);
  if (given === undefined) return;
  throw new UserError("USAGE", `Cannot use ${given} without --from. No job was submitted`, {
    hint: "dlslurm schedule --from samples.csv -o 'results/{sample}' sbatch job.sh '{sample}'",
  });
}
