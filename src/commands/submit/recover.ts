import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { readTextIfPresent } from "../../fs/if_present.ts";
import type { Job } from "../../jobs/job.ts";
import { parseJobId } from "../../jobs/job_state.ts";
import { livenessOf, parseIdentity } from "../../process/process_identity.ts";
import type { Liveness } from "../../process/process_identity.ts";
import { parseSubmissionAnswer } from "../../slurm/submission_answer.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext, ResultRecord } from "../context.ts";
import { warn } from "../context.ts";
import { fieldsOfJob } from "../job_fields.ts";
import type { JobFields } from "../job_fields.ts";
import { removeFrozenArray } from "./frozen_arrays.ts";
import { removeTraces, tracesOf } from "./run_submission.ts";

/** What `recover` was asked for. */
export interface RecoverOptions {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Key of the submission as typed; absent: only list what is unclear. */
  readonly submission: string | undefined;
  /** The job that came of it, as typed; never together with `notSubmitted`. */
  readonly jobId: string | undefined;
  /** The user's word that no job came of it: its claims are released. */
  readonly notSubmitted: boolean | undefined;
}

/** What a submission is told as; docs/result_records.md. */
interface SubmissionRecord extends ResultRecord, Partial<JobFields> {
  /** Its number, to settle it by; absent where there is none. */
  readonly submission?: number;
}

/** Settles one submission, or lists those that are not settled. */
export async function runRecover(options: RecoverOptions, context: CommandContext): Promise<void> {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  using store = JobStore.openIn(dataset);
  const unclear = await recoverSubmissions(dataset, store, context);
  if (options.submission === undefined) {
    for (const job of unclear) reportUnclear(dataset, job, context);
    if (unclear.length === 0) report(dataset, "notneeded", "no submission is unclear", context);
    return;
  }
  const job = unclear.find((each) => String(each.key) === options.submission);
  if (job === undefined) {
    throw new UserError(
      "UNKNOWN_JOB",
      `Cannot settle submission "${options.submission}": it is not unclear`,
      {
        hint: "dlslurm recover",
      },
    );
  }
  if (options.jobId !== undefined) {
    store.storeReceipt(job.key, parseJobId(options.jobId), null);
    report(dataset, "ok", `submission ${job.key} is job ${options.jobId}`, context, {
      submission: job.key,
      slurmJobId: options.jobId,
    });
  } else if (options.notSubmitted === true) {
    await abandon(dataset, store, job);
    report(dataset, "ok", `submission ${job.key} is forgotten, its outputs are released`, context, {
      submission: job.key,
    });
  } else {
    reportUnclear(dataset, job, context);
    return;
  }
  await removeTraces(tracesOf(dataset, job.key));
}

/**
 * Looks at submissions whose process has died. A job ID that the submission command had printed makes
 * the job open; a command that had not been started leaves nothing to keep.
 *
 * @returns the submissions that remain unclear.
 */
export async function recoverSubmissions(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<Job[]> {
  const unclear: Job[] = [];
  // One process has taken many rows of a table: it is looked for once.
  const livenesses = new Map<string, Liveness>();
  for (const job of store.listSubmitting()) {
    const liveness = livenesses.get(job.submitter) ??
      await livenessOf(parseIdentity(job.submitter), context.runner);
    livenesses.set(job.submitter, liveness);
    if (liveness === "alive") continue;
    const traces = tracesOf(dataset, job.key);
    const printed = await readTextIfPresent(traces.stdoutFile);
    const answer = parseSubmissionAnswer(printed ?? "");
    if (answer.kind === "submitted") {
      if (!takeReceipt(store, job, answer.jobId, answer.cluster, context)) {
        unclear.push(job);
        continue;
      }
      await removeTraces(traces);
      warn(context, `an interrupted submission was found to be job ${answer.jobId} (${job.cmd})`);
    } else if (printed === undefined && liveness === "dead") {
      // The file is made before the command starts: without it nothing was submitted.
      await abandon(dataset, store, job);
    } else {
      unclear.push(job);
    }
  }
  return unclear;
}

/** A crash in between leaves the submission, which is abandoned again. */
async function abandon(dataset: Dataset, store: JobStore, job: Job): Promise<void> {
  await removeFrozenArray(dataset, job);
  store.abandonSubmission(job.key);
}

/** A receipt that contradicts the books is for a person to look at, and no reason to stop. */
function takeReceipt(
  store: JobStore,
  job: Job,
  jobId: string,
  cluster: string | null,
  context: CommandContext,
): boolean {
  try {
    store.storeReceipt(job.key, jobId, cluster);
    return true;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "SUBMISSION_UNCLEAR") throw error;
    warn(context, `submission ${job.key} is unclear: ${error.message}`);
    return false;
  }
}

function reportUnclear(dataset: Dataset, job: Job, context: CommandContext): void {
  const since = new Date(job.submittedAtMs).toISOString();
  const message = `submission ${job.key} of ${since} is unclear: ${job.cmd}`;
  report(dataset, "impossible", message, context, {
    submission: job.key,
    ...fieldsOfJob(job),
    hint: `look with squeue --me and sacct -X -S ${since.slice(0, 10)}, then: ` +
      `dlslurm recover ${job.key} --job-id ID, or dlslurm recover ${job.key} --not-submitted`,
  });
}

function report(
  dataset: Dataset,
  status: ResultRecord["status"],
  message: string,
  context: CommandContext,
  more: Partial<SubmissionRecord> = {},
): void {
  const record: SubmissionRecord = {
    action: "slurm-recover",
    status,
    path: dataset.root,
    type: "dataset",
    message,
    ...more,
  };
  context.report(record);
}
