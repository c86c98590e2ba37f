import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { isSubmitted, JOB_STAGES } from "../../jobs/job.ts";
import type { Job, JobStage } from "../../jobs/job.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { JobStore } from "../../store/job_store.ts";
import { askSlurm } from "../ask_slurm.ts";
import type { CommandContext } from "../context.ts";
import { cellOf, COLUMNS, DROPPABLE, recordOfJob, wordsOf } from "./job_table.ts";
import type { ListedJob } from "./job_table.ts";
import { SCREENFUL } from "./list_options.ts";
import type { ListOptions } from "./list_options.ts";
import { renderTable } from "./text_table.ts";

/** Shows jobs as a table, or as one result each. */
export async function runList(options: ListOptions, context: CommandContext): Promise<void> {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  using store = JobStore.openIn(dataset);
  const stages = stagesOf(options);
  const limit = limitOf(options, context);
  // Only Slurm knows the states: to choose by them all have to be asked for.
  const isFiltered = options.state.length > 0;
  const jobs = store.listing.newest(dataset.worktree, stages, isFiltered ? undefined : limit);
  const listed = await describe(dataset, jobs, context);
  const chosen = listed.filter((job) =>
    !isFiltered || wordsOf(job).some((word) => options.state.includes(word))
  );
  const shown = chosen.slice(0, limit);
  const total = isFiltered ? chosen.length : store.listing.count(dataset.worktree, stages);
  if (!context.isTailored) {
    for (const job of shown) context.report(recordOfJob(dataset, job));
    return;
  }
  if (shown.length > 0) {
    const now = context.now().getTime();
    // Only jobs that were finished have a commit.
    const columns = stages.includes("finished")
      ? COLUMNS
      : COLUMNS.filter((one) => one !== "Commit");
    const rows = shown.map((job) => columns.map((column) => cellOf(column, job, now)));
    context.io.out(renderTable([columns, ...rows], context.columns, DROPPABLE));
  }
  tellOfOthers(dataset, store, options, { shown: shown.length, total }, context);
}

/** Shows the open jobs as the Python extension does. */
export async function listOpenJobs(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<void> {
  const jobs = store.listOpen(dataset.worktree);
  const listed = await describe(dataset, jobs, context);
  if (!context.isTailored) {
    for (const job of listed) context.report(recordOfJob(dataset, job));
    return;
  }
  if (jobs.length === 0) return;
  const rows = listed.map(({ job, status }) => [job.jobId ?? "", status?.groupState ?? ""]);
  // Scripts read it: the width is the extension's own.
  const lines = [["slurm-job-id", "slurm-job-status"], ...rows]
    .map(([id, state]) => `${id!.padEnd(14)} ${state}\n`);
  context.io.out(`The following jobs are open:\n\n${lines.join("")}`);
}

async function describe(
  dataset: Dataset,
  jobs: readonly Job[],
  context: CommandContext,
): Promise<ListedJob[]> {
  const open = jobs.filter((job) => job.stage === "open").filter(isSubmitted);
  const statuses: ReadonlyMap<number, JobStatus> = open.length === 0
    ? new Map()
    : await askSlurm(dataset, open, context);
  return jobs.map((job) => ({ job, status: statuses.get(job.key) }));
}

function stagesOf(options: ListOptions): JobStage[] {
  if (options.all === true) return [...JOB_STAGES];
  const asked = JOB_STAGES.filter((stage) => options.state.includes(stage.toUpperCase()));
  return ["submitting", "open", ...asked];
}

function limitOf(options: ListOptions, context: CommandContext): number | undefined {
  if (options.limit === 0) return undefined;
  const isOnTerminal = context.isTailored && context.columns !== undefined;
  return options.limit ?? (isOnTerminal ? SCREENFUL : undefined);
}

/** Says, beside the table, what it does not show. */
function tellOfOthers(
  dataset: Dataset,
  store: JobStore,
  options: ListOptions,
  { shown, total }: { readonly shown: number; readonly total: number },
  context: CommandContext,
): void {
  const lines: string[] = [];
  if (total > shown) {
    const jobs = total - shown === 1 ? "job" : "jobs";
    lines.push(`${total - shown} more ${jobs}: dlslurm list --limit 0 shows all`);
  } else if (total === 0) {
    lines.push(
      options.all === true || options.state.length > 0
        ? "there are no such jobs"
        : "there are no open jobs; dlslurm list --all shows those that ended",
    );
  }
  if (options.all !== true) {
    const waiting = store.listing.count(dataset.worktree, ["waiting"]);
    if (waiting > 0) {
      lines.push(`${waiting} waiting for their submission: dlslurm schedule --continue`);
    }
  }
  for (const line of lines) context.io.err(`${line}\n`);
}
