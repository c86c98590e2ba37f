import { resolveClaim } from "../../datalad/claimed_path.ts";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { findOperationInProgress } from "../../git/repository.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { parseOpenJobId } from "../../jobs/job_state.ts";
import { splitJobId } from "../../jobs/task_job_id.ts";
import { JobStore } from "../../store/job_store.ts";
import { askSlurm } from "../ask_slurm.ts";
import { completeMoves } from "./complete_moves.ts";
import { warn } from "../context.ts";
import type { CommandContext } from "../context.ts";
import { decideJobs } from "./decide_jobs.ts";
import { endFinishedByExtension } from "../extension/extension_finished.ts";
import { finishCompleted } from "./finish_completed.ts";
import { takeFinishLease } from "./finish_lease.ts";
import { finishWaitingRows } from "./finish_waiting_rows.ts";
import { removeFrozenArrays } from "../submit/frozen_arrays.ts";
import { listOpenJobs } from "../list/list.ts";
import { noteDetails } from "../submit/note_details.ts";
import { hintForHolder, nameOfHolder } from "../submit/output_conflict.ts";
import { recoverSubmissions } from "../submit/recover.ts";
import { recoverCommits } from "./recover_commits.ts";

/** What `finish` was asked for. */
export interface FinishOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Paragraph of each commit message, before the one that schedule was given. */
  readonly message: string | undefined;
  /** As typed; empty: all open jobs of this work tree. */
  readonly jobIds: readonly string[];
  /** Further outputs of the one job, as given. */
  readonly output: readonly string[];
  /** Give failed jobs up: what they wrote stays in the work tree, claimed by nobody. */
  readonly closeFailedJobs: boolean | undefined;
  /** Commit failed jobs with their state in the subject; goes before `closeFailedJobs`. */
  readonly commitFailedJobs: boolean | undefined;
  /** Give up those of `jobIds` that Slurm does not know, which may run all the same. */
  readonly closeUnknownJobs: boolean | undefined;
  /** Commit jobs that Slurm does not know; needs job IDs. */
  readonly commitUnknownJobs: boolean | undefined;
  /** Leave a job open if there is nothing at one of its claims; otherwise that is a warning. */
  readonly requireOutputs: boolean | undefined;
  /** Show the open jobs and change nothing, whatever else is asked for. */
  readonly listOpenJobs: boolean | undefined;
  /** Give up the rows of tables that wait for their submission. */
  readonly closeWaitingJobs?: boolean | undefined;
  /** Shape `branches` of the commits. */
  readonly branches: boolean | undefined;
  /** Shape `octopus` of the commits; never together with `branches`. */
  readonly octopus: boolean | undefined;
}

/** Finishes, closes or lists open jobs. */
export async function runFinish(options: FinishOptions, context: CommandContext): Promise<void> {
  const jobIds = options.jobIds.map(parseOpenJobId);
  refuseContradictions(options);
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  using store = JobStore.openIn(dataset);
  if (options.listOpenJobs === true) {
    await listOpenJobs(dataset, store, context);
    return;
  }
  await requireCommittable(dataset);
  let altDirs: ReadonlySet<string | null>;
  {
    await using _lease = await takeFinishLease(dataset, context);
    altDirs = await finishOpenJobs(dataset, store, jobIds, options, context);
  }
  await removeFrozenArrays(dataset, store, altDirs);
  if (jobIds.length === 0) await finishWaitingRows(dataset, store, options, context);
}

/** @returns the alternative folders of the jobs that were open, and `null`, for the dataset itself. */
async function finishOpenJobs(
  dataset: Dataset,
  store: JobStore,
  jobIds: readonly string[],
  options: FinishOptions,
  context: CommandContext,
): Promise<ReadonlySet<string | null>> {
  const unclear = await recoverSubmissions(dataset, store, context);
  if (unclear.length > 0) {
    const what = unclear.length === 1 ? "1 submission is" : `${unclear.length} submissions are`;
    warn(context, `${what} unclear: see dlslurm recover`);
  }
  if (await completeMoves(dataset, store, context)) {
    dataset = await openDataset(context.runner, context.cwd, options.dataset);
  }
  // Read once: there may be ten thousand.
  const listed = store.listOpen(dataset.worktree);
  const recovered = await recoverCommits(dataset, store, listed, context);
  const unfinished = listed.filter((job) => !recovered.has(job.key));
  const elsewhere = await endFinishedByExtension(dataset, store, unfinished, context);
  for (const key of elsewhere) recovered.add(key);
  const open = unfinished.filter((job) => !elsewhere.has(job.key));
  const altDirs = new Set([null, ...open.map((job) => job.altDir)]);
  const claims = await resolveFurtherOutputs(dataset, options.output, context.cwd);
  const selected = select(open, jobIds, recovered, store, dataset, context);
  if (selected.length === 0) {
    if (jobIds.length === 0 && recovered.size === 0) reportNothing(dataset, context);
    return altDirs;
  }
  const described = (await fillGaps(dataset, store, selected, context))
    .map((job) => ({ ...job, outputs: [...new Set([...job.outputs, ...claims])] }));
  const statuses = await askSlurm(dataset, described, context);
  for (const job of described) requireFree(store, job, claims);
  const decisions = decideJobs(described, statuses, {
    closeFailed: options.closeFailedJobs === true,
    commitFailed: options.commitFailedJobs === true,
    closeUnknown: options.closeUnknownJobs === true,
    commitUnknown: options.commitUnknownJobs === true,
  });
  const toCommit = decisions.filter((decision) => decision.kind === "commit");
  for (const decision of decisions) {
    if (decision.kind === "commit") continue;
    const record = { ...decision.record, refds: dataset.root };
    if (decision.kind === "close") {
      store.end([decision.job.key], "closed", context.now().getTime(), record.message);
    }
    context.report(record);
  }
  if (toCommit.length === 0) return altDirs;
  const committing = new Set(toCommit.map((decision) => decision.job.key));
  const others = open.filter((job) => !committing.has(job.key))
    .map((job) => ({ job, status: statuses.get(job.key) }));
  const shape = options.branches === true
    ? "branches"
    : options.octopus === true
    ? "octopus"
    : "sequence";
  await finishCompleted(dataset, store, toCommit, others, { ...options, shape }, context);
  return altDirs;
}

/**
 * Asks scontrol again, once for all, for jobs that were submitted while it did not answer: which tasks an
 * array has must be known before its state can be told.
 */
async function fillGaps(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly SubmittedJob[],
  context: CommandContext,
): Promise<SubmittedJob[]> {
  const gaps = jobs.filter((job) => job.details === null);
  if (gaps.length === 0) return [...jobs];
  using _progress = context.progress("asking Slurm for log files");
  const noted = await noteDetails(dataset, store, gaps, context);
  return jobs.map((job) => ({ ...job, details: job.details ?? noted.get(job.key) ?? null }));
}

function select(
  open: readonly SubmittedJob[],
  jobIds: readonly string[],
  recovered: ReadonlySet<number>,
  store: JobStore,
  dataset: Dataset,
  context: CommandContext,
): SubmittedJob[] {
  if (jobIds.length === 0) return [...open];
  const selected: SubmittedJob[] = [];
  for (const jobId of new Set(jobIds)) {
    const job = open.find((each) => each.jobId === jobId);
    if (job !== undefined) {
      selected.push(job);
      continue;
    }
    const tasks = open.filter((each) => splitJobId(each.jobId).submittedId === jobId);
    if (tasks.length > 0) {
      for (const task of tasks) selected.push(task);
      continue;
    }
    const known = store.findByJobId(jobId);
    if (known !== undefined && recovered.has(known.key)) continue;
    context.report({
      action: "slurm-finish",
      status: "impossible",
      refds: dataset.root,
      slurmJobId: jobId,
      errorCode: "UNKNOWN_JOB",
      message: `Slurm job ${jobId} is not an open job of this dataset` +
        (known === undefined
          ? ""
          : known.stage === "open"
          ? ": it was scheduled in another worktree"
          : `: it was ${known.stage}${
            known.commitOid === null ? "" : ` with commit ${known.commitOid}`
          }`),
      hint: hintForUnknown(jobId, open),
    });
  }
  return [...new Set(selected)];
}

function hintForUnknown(jobId: string, open: readonly SubmittedJob[]): string {
  const { submittedId, arrayTaskId } = splitJobId(jobId);
  return arrayTaskId !== null && open.some((job) => job.jobId === submittedId)
    ? `tasks of an array that was scheduled as one job are finished with it: dlslurm finish ${submittedId}`
    : "dlslurm finish --list-open-jobs";
}

async function resolveFurtherOutputs(
  dataset: Dataset,
  outputs: readonly string[],
  cwd: string,
): Promise<string[]> {
  const claims: string[] = [];
  for (const output of outputs) claims.push(await resolveClaim(dataset.root, cwd, output));
  return claims;
}

/**
 * @throws {UserError} `OUTPUT_CONFLICT` if another open job holds one of `claims`.
 */
function requireFree(store: JobStore, job: SubmittedJob, claims: readonly string[]): void {
  for (const path of claims) {
    const holder = store.findHolder(job.worktree, path, job.key);
    if (holder === undefined) continue;
    throw new UserError(
      "OUTPUT_CONFLICT",
      `Cannot commit "${path}" with job ${job.jobId}: ${nameOfHolder(holder)} holds it`,
      { hint: hintForHolder(holder) },
    );
  }
}

function refuseContradictions(options: FinishOptions): void {
  if (options.output.length > 0 && options.jobIds.length !== 1) {
    throw new UserError("USAGE", "Cannot commit further outputs without the ID of one job", {
      hint: "dlslurm finish 4242 -o more",
    });
  }
  if (options.closeUnknownJobs === true && options.commitUnknownJobs === true) {
    throw new UserError("USAGE", "Cannot both close and commit jobs that Slurm does not know", {
      hint: "say --close-unknown-jobs or --commit-unknown-jobs",
    });
  }
  const takesUnknown = options.closeUnknownJobs === true || options.commitUnknownJobs === true;
  if (takesUnknown && options.jobIds.length === 0) {
    throw new UserError("USAGE", "Cannot close or commit unknown jobs without their job IDs", {
      hint: "dlslurm finish 4242 --close-unknown-jobs",
    });
  }
}

/**
 * @throws {UserError} `HEAD_DETACHED` or `OPERATION_IN_PROGRESS`.
 */
async function requireCommittable(dataset: Dataset): Promise<void> {
  const operation = await findOperationInProgress(dataset);
  if (operation !== undefined) {
    throw new UserError(
      "OPERATION_IN_PROGRESS",
      `Cannot commit in "${dataset.root}": a ${operation} is under way. ` +
        "Nothing was committed, the jobs stay open",
      {
        hint: operation === "bisect"
          ? "git bisect reset, then run the same command again"
          : `git ${operation} --continue, or git ${operation} --abort; then run the same command again`,
      },
    );
  }
  if (dataset.branch === null) {
    throw new UserError(
      "HEAD_DETACHED",
      `Cannot commit in "${dataset.root}": HEAD is detached at ${dataset.headOid.slice(0, 10)}. ` +
        "Nothing was committed, the jobs stay open",
      { hint: "git switch BRANCH, then run the same command again" },
    );
  }
}

function reportNothing(dataset: Dataset, context: CommandContext): void {
  context.report({
    action: "slurm-finish",
    status: "notneeded",
    path: dataset.root,
    type: "dataset",
    message: "there are no open jobs",
  });
}
