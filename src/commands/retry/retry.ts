/**
 * `dlslurm retry`: submits failed jobs again.
 *
 * An *attempt* is one submission of a job. A failed one stays with the job in the store, and stands in the
 * record of the one that completes. A retry is a waiting job until it is submitted, and the failed job again
 * if it is given up before.
 *
 * @module
 */

import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import { takeFinishLease } from "../../commit/finish_lease.ts";
import type { OpenDataset } from "../../claims/open_dataset.ts";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { jobsOfId } from "../../jobs/earlier_ids.ts";
import { isLabel, isNamed, parseJobName } from "../../jobs/label.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { isJobState, stateWord } from "../../jobs/job_state.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { renderStatuses } from "../../jobs/job_summary.ts";
import { shellName } from "../../process/shell_name.ts";
import { renderSuccession } from "../../session/succession.ts";
import { toUserError } from "../../process/system_error.ts";
import { askAccounting } from "../../slurm/ask_accounting.ts";
import { addSbatchOptions } from "../../slurm/add_options.ts";
import { askSlurm, slurmClientOf } from "../../slurm/ask_slurm.ts";
import { JobStore } from "../../store/job_store.ts";
import type { Retry } from "../../store/retries.ts";
import { openJobsIn } from "../../submit/awaited_inputs.ts";
import type { OpenJobs } from "../../submit/awaited_inputs.ts";
import { recoverAndSettle } from "../../submit/recover_submissions.ts";
import { clearClaims } from "../../submit/retry/clear_claims.ts";
import { growthOf, longestTimes, parseGrowth } from "../../submit/retry/grow.ts";
import { planRetry } from "../../submit/retry/plan_retry.ts";
import { warnOfScripts } from "../../submit/retry/warn_of_scripts.ts";
import { GENTLE_PARALLEL, reportRest, submitWaiting } from "../../submit/rows/submit_waiting.ts";
import { findOntoWorktrees } from "../../worktrees/onto_worktree.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import type { Session } from "../../session/session.ts";
import type { CommandContext } from "../context.ts";
import { fillGaps } from "../../submit/fill_gaps.ts";

/** What `retry` was asked for. */
export interface RetryCommandOptions {
  /** As typed; none: all failed jobs. */
  readonly jobIds: readonly string[];
  /** Options of sbatch for this attempt. */
  readonly sbatchOptions: readonly string[];
  /** States, several in one with commas; none: all failed ones. */
  readonly state: readonly string[];
  /** Ask nobody. */
  readonly yes: boolean | undefined;
  /** Only say what would be submitted. */
  readonly dryRun: boolean | undefined;
  /** So many attempts a job may have. */
  readonly attempts: number;
  /** Give more to jobs that ran out of time or memory; `true`, or factors as typed. */
  readonly grow: true | string | undefined;
  /** Move away what the failed attempt left. */
  readonly clean: boolean | undefined;
  /** Submissions at once. */
  readonly jobs: number | undefined;
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
}

/** A failed job that is to be submitted again. */
interface Failed {
  readonly job: SubmittedJob;
  readonly status: JobStatus;
  readonly retry: Retry;
}

/** Submits failed jobs again, or shows which would be. */
export async function runRetry(
  options: RetryCommandOptions,
  context: CommandContext,
): Promise<void> {
  const states = statesOf(options.state);
  const jobIds = options.jobIds.map(parseJobName);
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  using store = JobStore.openIn(dataset);
  await using _sharing = ClaimSharing.of(dataset, store, context);
  const open = { dataset, store, session: context };
  if (options.dryRun !== true) await recoverAndSettle(open);
  const own = listOwn(dataset, store);
  const elsewhere = await findElsewhere(dataset, store);
  const selected = selectJobs({ dataset, elsewhere }, own, jobIds, context);
  // Also for the record: once a job has another ID nobody asks where the attempt before had its logs.
  const jobs = await fillGaps(open, selected);
  const asked = new Set([...jobs, ...predecessorsAmong(own, jobs)]);
  const statuses = jobs.length === 0 ? new Map() : await askSlurm(dataset, [...asked], context);
  const choice = { own, jobs, statuses, states, named: jobIds };
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

/** The jobs that may be submitted again, and what Slurm says of them. */
interface Choice {
  /** All open jobs of the work tree. */
  readonly own: readonly SubmittedJob[];
  /** Those that were chosen. */
  readonly jobs: readonly SubmittedJob[];
  /** Of these, and of the jobs that they wait for, by key. */
  readonly statuses: ReadonlyMap<number, JobStatus>;
  /** Only those are meant that ended so; all if there are none. */
  readonly states: ReadonlySet<string>;
  /** The IDs and labels that were named. */
  readonly named: readonly string[];
}

/** Plans the next attempts of the jobs that have failed; of the others it is said why they are left. */
async function planFailed(
  { dataset, store, session }: OpenDataset,
  { own, jobs, statuses, states, named }: Choice,
  options: RetryCommandOptions,
): Promise<{ readonly failed: readonly Failed[]; readonly isAnyLeft: boolean }> {
  const openJobs = openJobsIn(() => store, dataset.worktree);
  const failedKeys = new Set(
    [...statuses].filter(([, { phase }]) => phase === "failed").map(([key]) => key),
  );
  const growths = await growthsOf(dataset, { jobs, statuses }, options, session);
  const failed: Failed[] = [];
  let isAnyLeft = false;
  for (const job of jobs) {
    const status = statuses.get(job.jobKey)!;
    const reason = reasonAgainst(job, status, states, options.attempts);
    if (reason !== undefined) {
      // Of a label and of an array those are meant that have failed.
      if (!named.includes(job.jobId) && reason.isWorthReporting !== true) continue;
      reportLeft(dataset, job, reason, session);
      isAnyLeft = true;
      continue;
    }
    try {
      const retry = await planRetry(dataset, job, status, {
        sbatchOptions: [...growths.get(job.jobKey) ?? [], ...options.sbatchOptions],
        transfers: 1,
        openJobs: openJobsBeside(job, openJobs),
        open: own,
        failed: failedKeys,
      });
      failed.push({ job, status, retry });
    } catch (error) {
      reportRefused(dataset, job, toUserError(error), session);
      isAnyLeft = true;
    }
  }
  return { failed, isAnyLeft };
}

/** A job does not wait for itself, though it holds its claims. */
function openJobsBeside({ jobKey }: SubmittedJob, openJobs: OpenJobs): OpenJobs {
  return {
    writersOf: (path, inside) =>
      openJobs.writersOf(path, inside).filter((holder) => holder.jobKey !== jobKey),
    predecessorsOf: (jobId) => openJobs.predecessorsOf(jobId),
  };
}

/** The options by which failed jobs get more than they had, by their keys; none without `--grow`. */
async function growthsOf(
  dataset: Dataset,
  { jobs, statuses }: Pick<Choice, "jobs" | "statuses">,
  { grow }: RetryCommandOptions,
  session: Session,
): Promise<ReadonlyMap<number, readonly string[]>> {
  if (grow === undefined) return new Map();
  const factors = parseGrowth(grow === true ? "" : grow);
  const failed = jobs.map((job) => ({ job, status: statuses.get(job.jobKey)! }))
    .filter(({ status }) => status.phase === "failed");
  const accounted = await askAccounting(dataset, failed, session);
  const partitions = new Set(
    [...accounted.values()].flatMap(({ accounting }) => accounting.partition ?? []),
  );
  const longest = await longestTimes(slurmClientOf(dataset, session), partitions);
  return new Map(failed.map(({ job, status }) => {
    const { accounting } = accounted.get(job.jobKey) ?? {};
    const growth = growthOf([...status.states.values()], accounting, factors, {
      longest: longest.get(accounting?.partition ?? ""),
      command: job.cmd,
    });
    if (growth.problem !== undefined) {
      session.warn(`job ${job.jobId} gets no more than it had: ${growth.problem}`);
    }
    return [job.jobKey, growth.options] as const;
  }));
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
  return store.beginRetries(failed.map(({ retry }) => retry));
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

function statesOf(given: readonly string[]): ReadonlySet<string> {
  const states = given.flatMap((text) => text.split(",")).map((text) => text.trim().toUpperCase())
    .filter((text) => text !== "");
  const unknown = states.find((state) => !isJobState(state));
  if (unknown === undefined) return new Set(states);
  throw new UserError(
    "USAGE",
    `Cannot choose jobs in state "${unknown}": Slurm has no such state`,
    {
      hint: "--state TIMEOUT,OUT_OF_MEMORY,NODE_FAIL,FAILED,CANCELLED",
    },
  );
}

/** The open jobs of the work tree; in a copy of a dataset only its own. */
function listOwn(dataset: Dataset, store: JobStore): SubmittedJob[] {
  const open = store.listOpen(dataset.worktree);
  const copied = store.findCopied(open.map((job) => job.jobKey))?.keys;
  return open.filter((job) => copied?.has(job.jobKey) !== true);
}

/** The open jobs that some of them wait for, by the IDs that they had then. */
function predecessorsAmong(
  open: readonly SubmittedJob[],
  jobs: readonly SubmittedJob[],
): SubmittedJob[] {
  return jobs.flatMap(({ after = [] }) => after.flatMap(({ jobId }) => jobsOfId(open, jobId)));
}

/** The folders of onto worktrees by the IDs of the open jobs in them. */
async function findElsewhere(
  dataset: Dataset,
  store: JobStore,
): Promise<ReadonlyMap<string, string>> {
  const others = (await findOntoWorktrees(dataset)).filter(({ id }) => id !== dataset.worktree);
  return new Map(
    others.flatMap(({ id, folder }) =>
      id === undefined ? [] : store.listOpen(id).map(({ jobId }) => [jobId, folder] as const)
    ),
  );
}

function selectJobs(
  { dataset, elsewhere }: {
    readonly dataset: Dataset;
    readonly elsewhere: ReadonlyMap<string, string>;
  },
  own: readonly SubmittedJob[],
  jobIds: readonly string[],
  session: Session,
): SubmittedJob[] {
  if (jobIds.length === 0) return [...own];
  const selected = new Set<SubmittedJob>();
  for (const jobId of jobIds) {
    const jobs = own.filter((job) => isNamed(job, jobId));
    for (const job of jobs) selected.add(job);
    if (jobs.length > 0) continue;
    const folder = elsewhere.get(jobId);
    // It was named as it had failed before: whether it is to run once more is for a person to say.
    const [repeated] = isLabel(jobId) ? [] : jobsOfId(own, jobId);
    const succession = renderSuccession(jobId, repeated === undefined ? [] : [repeated]);
    session.report({
      action: "slurm-retry",
      status: "impossible",
      refds: dataset.root,
      ...(isLabel(jobId) ? {} : { slurmJobId: jobId }),
      errorCode: "UNKNOWN_JOB",
      message: succession ??
        (isLabel(jobId)
          ? `no open job of this work tree has the label "${jobId}"`
          : `Slurm job ${jobId} is not an open job of this ${
            folder === undefined ? "dataset" : "work tree, but of one of --onto"
          }`),
      hint: repeated !== undefined
        ? `if that has failed, too: dlslurm retry ${repeated.jobId}`
        : folder === undefined
        ? "dlslurm list; a job that was finished is repeated with dlslurm reschedule"
        : `dlslurm retry -d ${shellName(folder)} ${jobId}`,
    });
  }
  return [...selected];
}

/** Why a job is not submitted again. */
interface Reason {
  readonly message: string;
  readonly hint?: string;
  /** Whether it is also reported if no job was named. */
  readonly isWorthReporting?: boolean;
}

function reasonAgainst(
  job: SubmittedJob,
  status: JobStatus,
  states: ReadonlySet<string>,
  most: number,
): Reason | undefined {
  const shown = renderStatuses(job.jobId, status);
  if (status.phase !== "failed") {
    return {
      message: `it has not failed: ${shown}`,
      hint: status.phase === "completed"
        ? `dlslurm finish ${job.jobId} commits it`
        : `dlslurm list ; dlslurm retry again when it has ended`,
    };
  }
  if (job.commitOid !== null) {
    return {
      message: "a finish of it was interrupted",
      hint: `dlslurm finish ${job.jobId}`,
      isWorthReporting: true,
    };
  }
  const words = [...status.states.values()].map(stateWord);
  if (states.size > 0 && !words.some((word) => states.has(word))) {
    return { message: `it ended otherwise: ${shown}` };
  }
  if (job.attempts.length + 1 >= most) {
    return {
      message: `it has failed ${job.attempts.length + 1} times: ${shown}`,
      hint: `dlslurm retry ${job.jobId} --attempts ${job.attempts.length + 2}, or ` +
        `dlslurm finish ${job.jobId} --close-failed-jobs`,
      isWorthReporting: true,
    };
  }
  return undefined;
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
    action: "slurm-retry",
    status: "ok",
    path: dataset.root,
    type: "dataset",
    slurmJobId: failed.job.jobId,
    message: `would be submitted again: ${describePlan(failed)}`,
  });
}

function reportLeft(
  dataset: Dataset,
  { jobId }: SubmittedJob,
  { message, hint }: Reason,
  session: Session,
): void {
  session.report({
    ...notRetried(dataset, jobId),
    message: `Slurm job ${jobId} is not submitted again: ${message}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

function reportRefused(
  dataset: Dataset,
  { jobId }: SubmittedJob,
  error: UserError,
  session: Session,
): void {
  session.report({
    ...notRetried(dataset, jobId),
    ...fieldsOfError(error),
    message: `Slurm job ${jobId} stays as it is: ${error.message}`,
  });
}

/** What the results for jobs that are not submitted again have in common. */
function notRetried({ root }: Dataset, slurmJobId: string) {
  return { action: "slurm-retry", status: "impossible", refds: root, slurmJobId } as const;
}

function reportNothing(dataset: Dataset, others: number, session: Session): void {
  session.report({
    action: "slurm-retry",
    status: "notneeded",
    path: dataset.root,
    type: "dataset",
    message: others === 0
      ? "no open job has failed"
      : `${others} open ${others === 1 ? "job has" : "jobs have"} failed, but not as --state says`,
  });
}
