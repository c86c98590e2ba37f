/**
 * `dlslurm recover`: settles submissions of which nobody knows whether a job came of them.
 *
 * Such a submission is *unclear*; it is named by its number in the store. It is *settled* by the ID of its
 * job, or by the word that there is none.
 *
 * @module
 */

import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { Session } from "../../session/session.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { Job } from "../../jobs/job.ts";
import { parseJobId } from "../../jobs/job_id.ts";
import { findWriter } from "../../process/find_writer.ts";
import { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { ResultRecord } from "../../session/result_record.ts";
import { firstOf } from "../../session/name_list.ts";
import { fieldsOfJob } from "../../session/job_fields.ts";
import type { JobFields } from "../../session/job_fields.ts";
import { clusterOfTyped } from "../../slurm/named_cluster.ts";
import { requireLikelyJob } from "../../submit/check_typed_job.ts";
import { storeReceiptOf } from "../../submit/store_receipt.ts";
import { fetchLogPaths } from "../../submit/fetch_log_paths.ts";
import { removeTraces, tracesOf } from "../../submit/submission_traces.ts";
import { abandonSubmission } from "../../submit/recover_submissions.ts";
import { recoverEarlier } from "../../submit/settle_earlier.ts";
import type { RecoverOptions } from "./definition.ts";

/** A submission as a result; docs/result_records.md. */
interface SubmissionRecord extends ResultRecord, Partial<JobFields> {
  /** Its number, to settle it by; absent where there is none. */
  readonly submission?: number;
  /** Who told which job it is, or that there is none. */
  readonly settledBy?: "accounting" | "controller and accounting";
  /** The jobs that it may be. */
  readonly candidates?: readonly string[];
}

/** More are counted. */
const MOST_CANDIDATES = 5;

/** Settles one submission, or lists those that are not settled. */
export async function runRecover(options: RecoverOptions, context: CommandContext): Promise<void> {
  requireNamed(options);
  const dataset = await context.openDataset(options.dataset);
  using store = JobStore.openIn(dataset);
  await using _sharing = ClaimSharing.of(dataset, store, context);
  const open = { dataset, store, session: context };
  const unclear = await recoverEarlier(open);
  if (options.submission === undefined) {
    if (options.auto === true) await settle(open, unclear);
    else for (const job of unclear) reportUnclear(dataset, job, context);
    if (unclear.length === 0) {
      report(dataset, { status: "notneeded", message: "no submission is unclear" }, context);
    }
    return;
  }
  const job = unclear.find((each) => String(each.jobKey) === options.submission);
  if (job === undefined) {
    throw new UserError(
      "UNKNOWN_JOB",
      `Cannot settle submission "${options.submission}": it is not unclear`,
      {
        hint: "dlslurm recover",
      },
    );
  }
  if (options.auto === true) return await settle(open, [job]);
  if (options.jobId !== undefined) {
    const { jobId: text, cluster } = options;
    await noteJob(open, { job, text, cluster, isSure: options.yes === true });
  } else if (options.notSubmitted === true) {
    await requireEnded(dataset, job, context);
    await forget(open, job);
  } else {
    reportUnclear(dataset, job, context);
    return;
  }
  await removeTraces(tracesOf(dataset, job.jobKey));
}

/**
 * What a person knows is known of one submission, and a cluster of one job.
 *
 * @throws {UserError} `USAGE`
 */
function requireNamed({ submission, jobId, cluster, notSubmitted }: RecoverOptions): void {
  if (submission !== undefined) {
    if (cluster === undefined || jobId !== undefined) return;
    throw new UserError("USAGE", "Cannot use --cluster without --job-id", {
      unchanged: "Nothing was settled",
      hint: `dlslurm recover ${submission} --job-id ID --cluster ${cluster}`,
    });
  }
  const given = jobId !== undefined
    ? "--job-id"
    : notSubmitted === true
    ? "--not-submitted"
    : cluster !== undefined
    ? "--cluster"
    : undefined;
  if (given === undefined) return;
  throw new UserError("USAGE", `Cannot use ${given} without the number of a submission`, {
    unchanged: "Nothing was settled",
    hint: "dlslurm recover lists them",
  });
}

/** Asks Slurm about submissions, settles what it can tell, and says why it cannot tell the others. */
async function settle(open: OpenDataset, unclear: readonly Job[]): Promise<void> {
  const { dataset, session } = open;
  if (unclear.length === 0) return;
  const { howFound, settleSubmissions } = await import("../../submit/settle_submissions.ts");
  for (const result of await settleSubmissions(open, unclear)) {
    const { job } = result;
    if (result.kind === "unclear") reportUnclear(dataset, job, session, result);
    else if (result.kind === "found") {
      report(dataset, {
        status: "ok",
        message: howFound(result),
        submission: job.jobKey,
        slurmJobId: result.jobId,
        settledBy: "accounting",
      }, session);
    } else {
      await forget(open, job, "controller and accounting");
      await removeTraces(tracesOf(dataset, job.jobKey));
    }
  }
}

/** The job that came of a submission, as the user says. */
interface TypedJob {
  /** The submission. */
  readonly job: Job;
  /** As typed, `4242` or `4242;CLUSTER`. */
  readonly text: string;
  readonly cluster: string | undefined;
  /** Whether the user is sure, whatever Slurm tells of it. */
  readonly isSure: boolean;
}

async function noteJob(
  open: OpenDataset,
  { job, text, cluster: typedCluster, isSure }: TypedJob,
): Promise<void> {
  const { dataset, store, session } = open;
  const jobId = parseJobId(text.split(";", 1)[0]!);
  const cluster = clusterOfTyped({ text, cluster: typedCluster, cmd: job.cmd }, session.env);
  await requireLikelyJob(open, { job, jobId, cluster, isSure });
  await storeReceiptOf(open, { key: job.jobKey, jobId, cluster }, session.now().getTime());
  const where = cluster === null ? "" : ` on cluster ${cluster}`;
  report(dataset, {
    status: "ok",
    message: `submission ${job.jobKey} is job ${jobId}${where}`,
    submission: job.jobKey,
    slurmJobId: jobId,
  }, session);
  // slurmctld may have forgotten the job before the next finish. Of an array of rows all are asked for.
  await fetchLogPaths(open, store.listOfSubmissions([job.jobKey]), "later");
}

/** A command that has outlived its dlslurm may submit its job yet, whatever Slurm has now. */
async function requireEnded(dataset: Dataset, job: Job, context: CommandContext): Promise<void> {
  const pid = await findWriter(tracesOf(dataset, job.jobKey).stdoutFile, context.runner);
  if (pid === undefined) return;
  throw new UserError(
    "SUBMISSION_UNCLEAR",
    `Cannot forget submission ${job.jobKey}: its command still runs, as process ${pid}, and may submit ` +
      "the job yet",
    {
      unchanged: "Nothing was changed",
      hint: `wait until it has ended, or: kill ${pid}; then: dlslurm recover`,
    },
  );
}

async function forget(
  { dataset, store, session }: OpenDataset,
  job: Job,
  settledBy?: SubmissionRecord["settledBy"],
): Promise<void> {
  const rows = await abandonSubmission(dataset, store, job);
  const why = settledBy === undefined ? "" : ": Slurm has no job that could have come of it";
  report(dataset, {
    status: "ok",
    message: `submission ${job.jobKey} is forgotten${whatRemains(rows)}${why}`,
    submission: job.jobKey,
    ...(settledBy === undefined ? {} : { settledBy }),
    ...(rows === 0 ? {} : {
      hint: "dlslurm schedule --continue submits what waits, " +
        "dlslurm finish --close-waiting-jobs gives it up and frees the outputs",
    }),
  }, session);
}

function whatRemains(rows: number): string {
  if (rows === 0) return ", its outputs are released";
  return rows === 1
    ? "; its row of the table waits again and keeps its outputs"
    : `; its ${rows} rows of the table wait again and keep their outputs`;
}

function reportUnclear(
  dataset: Dataset,
  job: Job,
  session: Session,
  found?: { readonly reason: string; readonly jobIds: readonly string[] },
): void {
  const since = new Date(job.submittedAtMs).toISOString();
  const maybe = found === undefined || found.jobIds.length === 0
    ? ""
    : `; it may be job ${firstOf(found.jobIds, MOST_CANDIDATES)}`;
  const why = found === undefined ? "" : ` (${found.reason}${maybe})`;
  report(dataset, {
    status: "impossible",
    message: `submission ${job.jobKey} of ${since} is unclear: ${job.cmd}${why}`,
    submission: job.jobKey,
    ...(found === undefined ? {} : { candidates: found.jobIds }),
    ...fieldsOfJob(job),
    hint:
      `${
        found === undefined ? "dlslurm recover --auto asks Slurm; or " : ""
      }look with squeue --me and sacct -X -S ${dayBefore(job)}, then: ` +
      `dlslurm recover ${job.jobKey} --job-id ID, or dlslurm recover ${job.jobKey} --not-submitted`,
  }, session);
}

/** A date that had begun before the submission, in whichever time zone sacct reads it: the local one. */
function dayBefore({ submittedAtMs }: Job): string {
  return new Date(submittedAtMs - 86_400_000).toISOString().slice(0, 10);
}

function report(
  dataset: Dataset,
  result: Omit<SubmissionRecord, "action">,
  session: Session,
): void {
  const record: SubmissionRecord = {
    action: "slurm-recover",
    path: dataset.root,
    type: "dataset",
    ...result,
  };
  session.report(record);
}
