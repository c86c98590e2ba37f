/**
 * `dlslurm list`: shows jobs and changes nothing.
 *
 * A *stage* is where a job stands in the store: waiting, submitting, open, finished, closed. A *state* is
 * Slurm's word for it, asked for while it is open. A *listed job* is a job with what is known of it now.
 *
 * @module
 */

import { UserError } from "../../errors.ts";
import { parseJobName } from "../../jobs/label.ts";
import type { View } from "../../session/view.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import { reportDamaged } from "../../submit/damaged_jobs.ts";
import { reportUnasked } from "../../slurm/unasked_clusters.ts";
import { mentionExtensionJobs } from "../../extension/mention_jobs.ts";
import { describe, findJobs } from "./find_jobs.ts";
import type { ListedJob } from "../jobs/job_table.ts";
import type { ListOrder } from "./find_jobs.ts";
import type { ListOptions } from "./list_options.ts";

/** Shows jobs as a table, or as one result each, or counts them. */
export async function runList(options: ListOptions, context: CommandContext): Promise<void> {
  const jobIds = options.jobIds.map(parseJobName);
  refuseContradictions(options, context);
  const dataset = await context.openDataset(options.dataset);
  const order = { jobIds, options, meanwhile: () => import("./show_jobs.ts") };
  if (options.watch === true) {
    const { watchJobs } = await import("./watch_jobs.ts");
    await watchJobs(() => lookOnce(dataset, order, context), context);
  }
  using store = JobStore.openToLook(dataset);
  if (options.summary === true) {
    const { showSummary } = await import("./job_counts.ts");
    await showSummary(dataset, store, options.all === true, context);
  } else {
    const found = await findJobs(dataset, store, order, context);
    const { showJobs } = await order.meanwhile();
    await showJobs({ dataset, store }, found, order, context);
  }
  reportDamaged(dataset, store, "slurm-list", context);
  await mentionExtensionJobs(dataset, store, context);
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
    const { counts } = await countJobs(dataset, store, options.all === true, context);
    return { view: { text: linesOf(counts) }, isActive: counts.some(({ isActive }) => isActive) };
  }
  // As many as fit are shown; whether one is active is a question to all.
  const unlimited = { ...order, options: { ...options, limit: 0 } };
  const { shown } = await findJobs(dataset, store, unlimited, context);
  const isActive = shown.some(({ status }) => status?.phase === "active");
  const { tableOf } = await import("./show_jobs.ts");
  return { view: tableOf(shown, options, context.now().getTime()), isActive };
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

/** Shows the open jobs as the Python extension does. */
export async function listOpenJobs(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<void> {
  const jobs = store.listOpen(dataset.worktree);
  const listed = await describe(dataset, jobs, {}, context);
  if (!context.isTailored) {
    const { recordOfJob } = await import("../jobs/job_table.ts");
    for (const job of listed) context.report(recordOfJob(dataset, job));
  }
  reportDamaged(dataset, store, "slurm-list", context);
  if (context.isTailored && jobs.length > 0) await showAsExtension(listed, context);
  reportUnasked(dataset, listed.map(({ status }) => status), "slurm-list", context);
}

async function showAsExtension(
  listed: readonly ListedJob[],
  context: CommandContext,
): Promise<void> {
  const rows = listed.map(({ job, status }) => [job.jobId ?? "", status?.groupState ?? ""]);
  // Scripts read it: the width is the extension's own.
  const lines = [["slurm-job-id", "slurm-job-status"], ...rows]
    .map(([id, state]) => `${id!.padEnd(14)} ${state}\n`);
  await context.show({ text: `The following jobs are open:\n\n${lines.join("")}` });
}
