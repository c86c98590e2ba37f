/**
 * `dlslurm list`: shows jobs and changes nothing.
 *
 * A *stage* is where a job stands in the store: waiting, submitting, open, finished, closed. A *state* is
 * Slurm's word for it, asked for while it is open. A *listed job* is a job with what is known of it now.
 *
 * @module
 */

import { UserError } from "../../errors.ts";
import { isLabel, parseJobName } from "../../jobs/label.ts";
import type { View } from "../../session/view.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { isSubmitted } from "../../jobs/job.ts";
import { JobStore } from "../../store/job_store.ts";
import { isShallow } from "../../git/shallow.ts";
import type { CommandContext } from "../context.ts";
import { reportDamaged } from "../../submit/damaged_jobs.ts";
import { explainMissingLog } from "../../slurm/log_folders.ts";
import { mentionExtensionJobs } from "../../extension/mention_jobs.ts";
import { cellOf, columnsFor, recordOfJob, TABLE_FIT } from "./job_table.ts";
import type { ListedJob } from "./job_table.ts";
import { describe, findJobs, stagesOf } from "./find_jobs.ts";
import type { ListOrder } from "./find_jobs.ts";
import { linesOfHanded, linesOfOthers } from "./note_others.ts";
import type { ListOptions } from "./list_options.ts";

/** Shows jobs as a table, or as one result each, or counts them. */
export async function runList(options: ListOptions, context: CommandContext): Promise<void> {
  const jobIds = options.jobIds.map(parseJobName);
  refuseContradictions(options, context);
  const dataset = await context.openDataset(options.dataset);
  const order = { jobIds, options };
  if (options.watch === true) {
    const { watchJobs } = await import("./watch_jobs.ts");
    await watchJobs(() => lookOnce(dataset, order, context), context);
  }
  using store = JobStore.openToLook(dataset);
  if (options.summary === true) {
    const { showSummary } = await import("./job_counts.ts");
    await showSummary(dataset, store, options.all === true, context);
  } else await showJobs(dataset, store, order, context);
  reportDamaged(dataset, store, "slurm-list", context);
  await mentionExtensionJobs(dataset, store, context);
}

async function showJobs(
  dataset: Dataset,
  store: JobStore,
  order: ListOrder,
  context: CommandContext,
): Promise<void> {
  const { jobIds, options } = order;
  const found = await findJobs(dataset, store, order, context);
  const { shown } = found;
  for (const line of found.repeated) context.note(line);
  const isCut = found.missing.length > 0 && await isShallow(dataset);
  for (const jobId of found.missing) reportMissing(dataset, jobId, isCut, context);
  if (!context.isTailored) {
    for (const job of shown) {
      const hint = await hintFor(dataset, job);
      context.report({ ...recordOfJob(dataset, job), ...(hint === undefined ? {} : { hint }) });
    }
    return;
  }
  if (shown.length > 0) await context.show(tableOf(shown, options, context.now().getTime()));
  const hints = await Promise.all(shown.map((job) => hintFor(dataset, job)));
  const given = hints.filter((hint) => hint !== undefined);
  for (const hint of given.slice(0, MOST_HINTS)) context.note(hint);
  const lines = jobIds.length > 0
    ? linesOfHanded(shown)
    : linesOfOthers(dataset, store, found, options);
  for (const line of lines) context.note(line);
}

function tableOf(shown: readonly ListedJob[], options: ListOptions, nowMs: number): View {
  // Only jobs that were finished have a commit.
  const showsCommits = stagesOf(options).includes("finished") ||
    shown.some(({ job }) => job.stage === "finished");
  const columns = columnsFor(shown, showsCommits);
  const rows = shown.map((job) => columns.map((column) => cellOf(column, job, nowMs)));
  return { rows: [columns, ...rows], fit: TABLE_FIT };
}

/** What is drawn of the jobs as they are now, for whoever watches them. */
async function lookOnce(
  dataset: Dataset,
  order: ListOrder,
  context: CommandContext,
): Promise<{ readonly view: View; readonly isActive: boolean }> {
  const { options } = order;
  // Opened for each look: somebody may watch for days.
  using store = JobStore.openToLook(dataset);
  if (options.summary === true) {
    const { countJobs, linesOf } = await import("./job_counts.ts");
    const counts = await countJobs(dataset, store, options.all === true, context);
    return { view: { text: linesOf(counts) }, isActive: counts.some(({ isActive }) => isActive) };
  }
  // As many as fit are shown; whether one is active is a question to all.
  const unlimited = { ...order, options: { ...options, limit: 0 } };
  const { shown } = await findJobs(dataset, store, unlimited, context);
  const isActive = shown.some(({ status }) => status?.phase === "active");
  return { view: tableOf(shown, options, context.now().getTime()), isActive };
}

function reportMissing(
  dataset: Dataset,
  jobId: string,
  isCut: boolean,
  context: CommandContext,
): void {
  context.report({
    action: "slurm-list",
    status: "impossible",
    path: dataset.root,
    type: "dataset",
    ...(isLabel(jobId) ? {} : { slurmJobId: jobId }),
    errorCode: "UNKNOWN_JOB",
    message: isLabel(jobId)
      ? `no job of this dataset has the label "${jobId}"${isCut ? AS_FAR : ""}`
      : `job ${jobId} is no job of this dataset${isCut ? AS_FAR : ", and never was"}`,
    hint: isCut ? "git fetch --unshallow" : "dlslurm list --all",
  });
}

function refuseContradictions(options: ListOptions, context: CommandContext): void {
  const refuse = (reason: string, hint: string): never => {
    throw new UserError("USAGE", `Cannot ${reason}`, { hint });
  };
  if (options.watch === true && context.live === undefined) {
    refuse("watch jobs where there is no terminal", "dlslurm wait prints a line for each change");
  }
  if (options.summary !== true) return;
  if (options.jobIds.length > 0 || options.state.length > 0 || options.limit !== undefined) {
    refuse(
      "count only some of the jobs: --summary counts all",
      "dlslurm list --state failed shows some of them, without --summary",
    );
  }
}

const AS_FAR = ", as far as this shallow clone goes";

/** At most so many jobs that failed in the same way are explained. */
const MOST_HINTS = 3;

/** What the columns do not show of a job. */
async function hintFor(dataset: Dataset, { job, status }: ListedJob): Promise<string | undefined> {
  if (status === undefined || !isSubmitted(job)) return undefined;
  return await explainMissingLog(dataset, job, status);
}

/** Shows the open jobs as the Python extension does. */
export async function listOpenJobs(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<void> {
  const jobs = store.listOpen(dataset.worktree);
  const listed = await describe(dataset, jobs, new Set(), context);
  if (!context.isTailored) {
    for (const job of listed) context.report(recordOfJob(dataset, job));
  }
  reportDamaged(dataset, store, "slurm-list", context);
  if (!context.isTailored || jobs.length === 0) return;
  const rows = listed.map(({ job, status }) => [job.jobId ?? "", status?.groupState ?? ""]);
  // Scripts read it: the width is the extension's own.
  const lines = [["slurm-job-id", "slurm-job-status"], ...rows]
    .map(([id, state]) => `${id!.padEnd(14)} ${state}\n`);
  await context.show({ text: `The following jobs are open:\n\n${lines.join("")}` });
}
