import { Command } from "commander";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { JobStore } from "../store/job_store.ts";
import { askSlurm } from "./ask_slurm.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";

/** What `list` was asked for. */
export interface ListOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
}

/** Defines `list`; `run` gets the options. */
export function listCommand(
  run: (options: ListOptions) => Promise<void>,
): CommandDefinition {
  return new Command("list")
    .summary("show the open jobs")
    .description("Shows the open jobs with what Slurm says of them: one sacct call for all.")
    .option("-d, --dataset <path>", "dataset whose jobs to show")
    .addHelpText("after", "\nExit status: 0 shown; 1 Slurm could not be asked; 2 wrong usage.")
    .action(async (options) => await run(options));
}

/** Shows the open jobs with more columns than `finish --list-open-jobs`. */
export async function runList(options: ListOptions, context: CommandContext): Promise<void> {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  using store = JobStore.open(dataset.commonDir, dataset.config.get("dlslurm.store.vfs"));
  const jobs = store.listOpen(dataset.worktree);
  const statuses = await statusesOf(dataset, jobs, context);
  if (context.isJson) {
    reportJobs(dataset, jobs, statuses, context);
    return;
  }
  const rows = jobs.map((job) => rowOf(job, statuses.get(job.key)!));
  context.io.out(
    renderTable([["JobID", "State", "Elapsed", "ExitCode", "Output", "Command"], ...rows]),
  );
}

/** Shows the open jobs as the Python extension does. */
export async function listOpenJobs(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<void> {
  const jobs = store.listOpen(dataset.worktree);
  const statuses = await statusesOf(dataset, jobs, context);
  if (context.isJson) {
    reportJobs(dataset, jobs, statuses, context);
    return;
  }
  if (jobs.length === 0) return;
  const rows = jobs.map((job) => [job.jobId, statuses.get(job.key)!.groupState]);
  const lines = [["slurm-job-id", "slurm-job-status"], ...rows]
    .map(([id, state]) => `${id!.padEnd(14)} ${state}\n`);
  context.io.out(`The following jobs are open:\n\n${lines.join("")}`);
}

async function statusesOf(
  dataset: Dataset,
  jobs: readonly SubmittedJob[],
  context: CommandContext,
): Promise<Map<number, JobStatus>> {
  return jobs.length === 0 ? new Map() : await askSlurm(dataset, jobs, context);
}

function reportJobs(
  dataset: Dataset,
  jobs: readonly SubmittedJob[],
  statuses: ReadonlyMap<number, JobStatus>,
  context: CommandContext,
): void {
  for (const job of jobs) {
    const status = statuses.get(job.key)!;
    context.report({
      action: "slurm-list",
      status: "ok",
      path: dataset.root,
      type: "dataset",
      slurmJobId: job.jobId,
      slurmStates: Object.fromEntries(status.states),
      message: status.groupState,
    });
  }
}

function rowOf(job: SubmittedJob, status: JobStatus): string[] {
  const single = status.rows.length === 1 ? status.rows[0] : undefined;
  const outputs = job.outputs.length > 1
    ? `${job.outputs[0]} +${job.outputs.length - 1}`
    : job.outputs[0] ?? "";
  return [
    job.jobId,
    status.groupState,
    single?.elapsed ?? "",
    single?.exitCode ?? "",
    outputs,
    job.cmd,
  ];
}

function renderTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    `${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ").trimEnd()}\n`
  ).join("");
}
