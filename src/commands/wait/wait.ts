/**
 * `dlslurm wait`: waits for jobs, and says how they ended.
 *
 * A *look* is one question about all of them. A job is *over* when it has ended, when somebody has finished or
 * closed it meanwhile, or when nobody has known it for a while. Nothing is changed: to interrupt it is
 * harmless. What a person sees meanwhile is a table on a terminal, or a line for each change.
 *
 * @module
 */

import type { Dataset } from "../../datalad/dataset.ts";
import { parseJobName } from "../../jobs/label.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { renderStatuses } from "../../jobs/job_summary.ts";
import { ofDataset } from "../../session/result_record.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import { withNotice } from "../../notify/notice.ts";
import { USUAL_POLL_MS } from "../../waiting/pauses.ts";
import { waitForJobs } from "../../waiting/wait_for_jobs.ts";
import type { WaitedJob } from "../../waiting/wait_for_jobs.ts";
import type { CommandContext } from "../context.ts";
import { NOTIFY_SETTING } from "../option_values.ts";
import { listedJob, recordOfJob } from "../jobs/job_table.ts";
import { workTreesOf } from "../../worktrees/onto_worktree.ts";
import { listOpenJobs, listRepeated, resolveNames } from "../jobs/named_jobs.ts";
import type { NamedJobs } from "../jobs/named_jobs.ts";
import { LookDisplay } from "../jobs/look_display.ts";
import type { WaitOptions } from "./definition.ts";

/** Waits until jobs have ended and reports how. */
export async function runWait(options: WaitOptions, context: CommandContext): Promise<void> {
  const jobIds = options.jobIds.map(parseJobName);
  const dataset = await context.openDataset(options.dataset);
  const workTrees = await workTreesOf(dataset);
  const named = resolveNames(dataset, jobIds, context, workTrees);
  const notice = options.notify ?? dataset.config.get(NOTIFY_SETTING);
  const subject = { command: "wait", dataset: dataset.root };
  await withNotice(notice, subject, context, async (counted) => {
    await wait(dataset, named, { ...options, workTrees }, counted);
  });
}

async function wait(
  dataset: Dataset,
  named: NamedJobs,
  options: WaitOptions & { readonly workTrees: readonly string[] },
  context: CommandContext,
): Promise<void> {
  const display = new LookDisplay(context);
  const reported = new Set<number>();
  const look = await waitForJobs(dataset, {
    pollMs: options.poll ?? USUAL_POLL_MS,
    timeoutMs: options.timeout,
    listJobs: () => listOpenJobs(dataset, named, options.workTrees),
    listRepeated: () => listRepeated(dataset, named, options.workTrees),
    onLook: async (look) => {
      await display.show(look);
      if (!context.isForPrograms) return;
      for (const waited of look.newlyOver) {
        reported.add(waited.job.jobKey);
        report(dataset, waited, context);
      }
    },
  }, context);
  display.clear();
  if (look.jobs.length === 0) {
    reportNothing(dataset, context);
    return;
  }
  const rest = look.jobs.filter(({ job }) => !reported.has(job.jobKey));
  const good = rest.filter((waited) => statusOf(waited) === "ok");
  const isSummedUp = good.length > MOST_LINES && !context.isForPrograms;
  if (isSummedUp) {
    const message = `${good.length} jobs have completed`;
    context.report({
      ...resultOf(dataset, "ok"),
      message,
      count: good.length,
      slurmState: "COMPLETED",
    });
  }
  for (const waited of rest) {
    if (!isSummedUp || statusOf(waited) !== "ok") report(dataset, waited, context);
  }
}

/** People are shown at most so many lines about jobs without trouble. */
const MOST_LINES = 20;

function resultOf(dataset: Dataset, status: ResultRecord["status"]): ResultRecord {
  return { ...ofDataset(dataset, "slurm-wait", status), refds: dataset.root };
}

function reportNothing(dataset: Dataset, context: CommandContext): void {
  context.report({
    ...resultOf(dataset, "notneeded"),
    message: "there are no open jobs to wait for",
  });
}

function statusOf({ status, isOver, isGone }: WaitedJob): "ok" | "notneeded" | "impossible" {
  if (isGone) return "notneeded";
  return isOver && status?.phase === "completed" ? "ok" : "impossible";
}

function report(dataset: Dataset, waited: WaitedJob, context: CommandContext): void {
  const { job, status, isOver, isGone, isRepeated } = waited;
  const states = status === undefined ? UNSEEN : statesOf(job.jobId, status);
  const message = isRepeated
    ? `job ${job.jobId} failed and has not been submitted again yet`
    : isGone
    ? `job ${job.jobId} was finished or closed meanwhile`
    : isOver
    ? `job ${states}`
    : `job ${job.jobId} has not ended within the time: ${states}`;
  const hint = hintFor(waited);
  context.report({
    ...recordOfJob(dataset, listedJob(job, status, false)),
    ...resultOf(dataset, statusOf(waited)),
    message,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** `19: 4 COMPLETED`: of tasks that are only counted it says whose they are. */
function statesOf(jobId: string, status: JobStatus): string {
  const states = renderStatuses(jobId, status);
  return /^\d+ /.test(states) ? `${jobId}: ${states}` : states;
}

const UNSEEN = "no answer from Slurm";

function hintFor({ job, status, isOver, isGone, isRepeated }: WaitedJob): string | undefined {
  if (isRepeated) {
    return "dlslurm finish submits what found no room; dlslurm list --state waiting shows it";
  }
  if (isGone) return undefined;
  if (!isOver) return "dlslurm wait goes on waiting";
  if (status?.phase === "failed") return "dlslurm list --state failed shows what failed";
  return status?.phase === "unknown"
    ? `dlslurm finish ${job.jobId} says what can be done about a job that Slurm does not know`
    : undefined;
}
