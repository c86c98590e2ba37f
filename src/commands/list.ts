import { Command, Option } from "commander";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { Job, JobStage } from "../jobs/job.ts";
import { isJobState, UNKNOWN_STATE } from "../jobs/job_state.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { JobStore } from "../store/job_store.ts";
import { askSlurm } from "./ask_slurm.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { cellOf, COLUMNS, DROPPABLE, recordOfJob, wordsOf } from "./job_table.ts";
import type { ListedJob } from "./job_table.ts";
import { renderTable } from "./text_table.ts";

/** What `list` was asked for. */
export interface ListOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Jobs that ended and rows that wait, too. */
  readonly all: boolean | undefined;
  /** Only jobs of which a task is in one of these states, in capitals; empty: whatever state. */
  readonly state: readonly string[];
  /** At most so many jobs, 0 for all; absent: a screenful on a terminal, all elsewhere. */
  readonly limit: number | undefined;
}

const STAGES: readonly JobStage[] = ["waiting", "submitting", "open", "finished", "closed"];
/** More than that would push the first ones off most screens. */
const SCREENFUL = 50;

/** Defines `list`; `run` gets the options. */
export function listCommand(
  run: (options: ListOptions) => Promise<void>,
): CommandDefinition {
  return new Command("list")
    .summary("show the open jobs, with --all also those that ended")
    .description(
      "Shows the jobs of the dataset, newest first: those that are open with what Slurm says of them, " +
        "asked with one sacct call for up to 500. Of an array the states of the tasks are counted, the " +
        "longest time and the worst exit code are shown.",
    )
    .option("-d, --dataset <path>", "dataset whose jobs to show")
    .option(
      "-a, --all",
      "jobs that were finished or closed, too, with their commits, and rows of tables that wait: to find " +
        "the commit of a job, or what became of it",
    )
    .addOption(
      new Option(
        "--state <states>",
        "only jobs that are in one of these states, or have a task that is (repeatable): " +
          "--state FAILED,TIMEOUT shows what needs a look. Slurm's words in full, UNKNOWN, WAITING, " +
          "SUBMITTING, FINISHED, CLOSED",
      ).argParser(gatherStates).default([], "any"),
    )
    .addOption(
      new Option(
        "-n, --limit <n>",
        `at most that many, 0 for all (default: ${SCREENFUL} on a terminal, all elsewhere)`,
      ).argParser(parseLimit),
    )
    .option("--json", "the same as -f json: one record a line, for scripts")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm list
  dlslurm list --all --limit 0 | less
  dlslurm list --state FAILED,OUT_OF_MEMORY,TIMEOUT
  dlslurm list --json | jq -r 'select(.slurm_state == "RUNNING").slurm_job_id'

Exit status: 0 shown; 1 Slurm could not be asked; 2 wrong usage.`,
    )
    .action(async (options) => await run(options));
}

/** Shows jobs as a table, or as one result each. */
export async function runList(options: ListOptions, context: CommandContext): Promise<void> {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  using store = JobStore.open(dataset.commonDir, dataset.config.get("dlslurm.store.vfs"));
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
  if (options.all === true) return [...STAGES];
  const asked = STAGES.filter((stage) => options.state.includes(stage.toUpperCase()));
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

function gatherStates(value: string, before: readonly string[]): string[] {
  const words = value.split(",").map((word) => word.trim().toUpperCase()).filter(Boolean);
  const bad = words.find((word) =>
    !isJobState(word) && word !== UNKNOWN_STATE && !STAGES.some((one) => one.toUpperCase() === word)
  );
  if (bad === undefined && words.length > 0) return [...before, ...words];
  throw new UserError("USAGE", `Cannot list jobs in state "${bad ?? value}": it is no state`, {
    hint: "Slurm's words in full, such as PENDING, RUNNING, FAILED; UNKNOWN, FINISHED, CLOSED",
  });
}

function parseLimit(text: string): number {
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new UserError("USAGE", `Cannot list "${text}" jobs: a whole number is needed, 0 for all`, {
    hint: "dlslurm list --limit 20",
  });
}
