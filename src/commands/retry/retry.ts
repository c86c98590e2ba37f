/**
 * `dlslurm retry`: submits failed jobs again.
 *
 * An *attempt* is one submission of a job. A failed one stays with the job in the store, and stands in the
 * record of the one that completes. A retry is a waiting job until it is submitted, and the failed job again
 * if it is given up before.
 *
 * @module
 */

import type { OpenDataset } from "../../claims/open_dataset.ts";
import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { takeFinishLease } from "../../commit/finish_lease.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { renderStatuses } from "../../jobs/job_summary.ts";
import { parseJobName } from "../../jobs/label.ts";
import type { Session } from "../../session/session.ts";
import { addSbatchOptions } from "../../slurm/add_options.ts";
import { askSlurm } from "../../slurm/ask_slurm.ts";
import { reportUnasked } from "../../slurm/unasked_clusters.ts";
import { JobStore } from "../../store/job_store.ts";
import { fillGaps } from "../../submit/fill_gaps.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import { clearClaims } from "../../submit/retry/clear_claims.ts";
import { openJobsBehind, pastWaitsOf } from "../../submit/retry/predecessors_now.ts";
import { warnOfScripts } from "../../submit/retry/warn_of_scripts.ts";
import { GENTLE_PARALLEL, reportRest, submitWaiting } from "../../submit/rows/submit_waiting.ts";
import type { CommandContext } from "../context.ts";
import { planFailed } from "./plan_failed.ts";
import type { Failed } from "./plan_failed.ts";
import { reportLeft, reportNothing } from "./report_left.ts";
import type { RetryCommandOptions } from "./definition.ts";
import { findElsewhere, listOwn, selectJobs, statesOf } from "./select_jobs.ts";
import { ofDataset } from "../../session/result_record.ts";

/** Submits failed jobs again, or shows which would be. */
export async function runRetry(
  options: RetryCommandOptions,
  context: CommandContext,
): Promise<void> {
  const states = statesOf(options.state);
  const jobIds = options.jobIds.map(parseJobName);
  const dataset = await context.openDataset(options.dataset);
  using store = JobStore.openIn(dataset);
  await using _sharing = ClaimSharing.of(dataset, store, context);
  const open = { dataset, store, session: context };
  if (options.dryRun !== true) await recoverAndSettle(open);
  const own = listOwn(dataset, store);
  const elsewhere = await findElsewhere(dataset, store);
  const selected = selectJobs({ dataset, elsewhere }, own, jobIds, context);
  // Also for the record: once a job has another ID nobody asks where the attempt before had its logs.
  const jobs = await fillGaps(open, selected);
  const waits = await pastWaitsOf(dataset, jobs);
  const asked = new Map(
    [...openJobsBehind(store, waits.values()), ...jobs].map((job) => [job.jobKey, job]),
  );
  const statuses = jobs.length === 0
    ? new Map()
    : await askSlurm(dataset, [...asked.values()], context);
  reportUnasked(dataset, statuses.values(), "slurm-retry", context);
  const choice = { jobs, waits, statuses, states, named: jobIds };
  const { failed, isAnyLeft } = await planFailed(open, choice, options);
  if (failed.length === 0) {
    const others = jobs.filter(({ jobKey }) => statuses.get(jobKey)?.phase === "failed").length;
    const isKnown = jobs.length > 0 || jobIds.length === 0;
    if (isKnown && !isAnyLeft) reportNothing(dataset, others, context);
    return;
  }
  await warnOfScripts(dataset, store, failed, context);
  if (options.dryRun === true) {
    for (const each of failed) reportPlanned(dataset, each, context);
    return;
  }
  if (jobIds.length === 0) await confirm(failed, options, context);
  await submit(open, failed, options);
}

/**
 * Only while no finish is at work: it may be about to close, or to commit, what it has seen failing. What the
 * attempts left is moved before the jobs wait: from then on another process may submit them.
 *
 * @throws {UserError} `LEASE_HELD`, or `DISK` for what could not be moved; the jobs are as they were.
 */
async function beginRetries(
  { dataset, store, session }: OpenDataset,
  failed: readonly Failed[],
  { clean }: RetryCommandOptions,
): Promise<number[]> {
  await using _lease = await takeFinishLease(dataset, session);
  for (const { job } of clean === true ? failed : []) {
    const now = store.findSubmitted(job.jobKey);
    const isStill = now?.stage === "open" && now.jobId === job.jobId;
    if (isStill) await clearClaims(dataset, store, job, session);
  }
  return store.retries.begin(failed.map(({ retry }) => retry));
}

async function submit(
  open: OpenDataset,
  failed: readonly Failed[],
  options: RetryCommandOptions,
): Promise<void> {
  const { dataset, store, session } = open;
  const keys = await beginRetries(open, failed, options);
  const begun = new Set(keys);
  for (const { job } of failed) {
    if (!begun.has(job.jobKey)) {
      reportLeft(dataset, job, {
        message: "another process has finished it, or submits it again",
        hint: "dlslurm list",
      }, session);
    }
  }
  try {
    const parallel = options.jobs ?? GENTLE_PARALLEL;
    const rows = { keys, parallel, action: "slurm-retry" };
    reportRest(open, await submitWaiting(open, rows));
  } catch (error) {
    // Nothing was submitted: they become the failed jobs again that they were.
    store.waiting.drop(keys, "waiting");
    throw error;
  }
}

/**
 * @throws {UserError} `NOT_CONFIRMED` if the answer is no, or nobody can be asked.
 */
async function confirm(
  failed: readonly Failed[],
  options: RetryCommandOptions,
  context: CommandContext,
): Promise<void> {
  if (options.yes === true) return;
  const hint = "dlslurm retry --yes, or name the jobs; --dry-run shows what would be submitted";
  if (context.ask !== undefined) {
    for (const each of failed) context.note(describePlan(each));
    const what = failed.length === 1 ? "this job" : `these ${failed.length} jobs`;
    if (await context.ask(`Submit ${what} again?`)) return;
  }
  throw new UserError(
    "NOT_CONFIRMED",
    `Nothing was submitted again: ${failed.length} failed, and nobody has confirmed it`,
    { hint },
  );
}

function describePlan({ job, status, retry }: Failed): string {
  const { command, array } = retry.plan;
  const own = array?.task === undefined
    ? command
    : addSbatchOptions(command, [`--array=${array.task}`]);
  return `${renderStatuses(job.jobId, status)}; attempt ${job.attempts.length + 2}: ${own}`;
}

function reportPlanned(dataset: Dataset, failed: Failed, session: Session): void {
  session.report({
    ...ofDataset(dataset, "slurm-retry", "ok"),
    slurmJobId: failed.job.jobId,
    message: `would be submitted again: ${describePlan(failed)}`,
  });
}
