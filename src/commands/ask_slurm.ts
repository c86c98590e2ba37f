import type { Dataset } from "../datalad/dataset.ts";
import { parseArrayTasks } from "../jobs/array_tasks.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { decideStatus, isPossiblyRequeued } from "../jobs/job_status.ts";
import type { JobStatus, StateRow } from "../jobs/job_status.ts";
import { RowsByJob } from "../jobs/rows_by_job.ts";
import { splitJobId } from "../jobs/task_job_id.ts";
import { AccountingDisabledError, querySacct } from "../slurm/query_sacct.ts";
import type { SacctRow } from "../slurm/query_sacct.ts";
import { querySqueue } from "../slurm/query_squeue.ts";
import { QUERY_TIMEOUT_MS } from "../slurm/slurm_command.ts";
import type { SlurmClient } from "../slurm/slurm_command.ts";
import type { CommandContext, Progress } from "./context.ts";

/** How Slurm is asked in this dataset; `dlslurm.slurm.timeout` is in seconds. */
export function slurmClientOf(dataset: Dataset, context: CommandContext): SlurmClient {
  const seconds = Number(dataset.config.get("dlslurm.slurm.timeout"));
  return {
    runner: context.runner,
    timeoutMs: seconds > 0 ? seconds * 1000 : QUERY_TIMEOUT_MS,
    signal: context.interrupted,
  };
}

/**
 * Asks Slurm for all jobs together: sacct first, then, for those that accounting does not know or
 * that may have been requeued, one squeue. Shows its progress.
 *
 * @returns the status of each job, by its key.
 * @throws {UserError} `SLURM_UNAVAILABLE`; nothing is known then, and it is safe to ask again.
 */
export async function askSlurm(
  dataset: Dataset,
  jobs: readonly SubmittedJob[],
  context: CommandContext,
): Promise<Map<number, JobStatus>> {
  const client = slurmClientOf(dataset, context);
  const submissions = new Set(jobs.map((job) => splitJobId(job.jobId).submittedId));
  using progress = context.progress("asking Slurm", submissions.size);
  const statuses = new Map<number, JobStatus>();
  for (const [cluster, group] of Map.groupBy(jobs, (job) => job.cluster)) {
    for (const [key, status] of await askCluster(client, cluster, group, progress)) {
      statuses.set(key, status);
    }
  }
  return statuses;
}

async function askCluster(
  client: SlurmClient,
  cluster: string | null,
  jobs: readonly SubmittedJob[],
  progress: Progress,
): Promise<Map<number, JobStatus>> {
  const rows = new RowsByJob(await accountingRows(client, cluster, jobs, progress));
  const statuses = new Map(jobs.map((job) => [job.key, statusOf(job, rows.of(job.jobId))]));
  const doubtful = jobs.filter((job) => {
    const status = statuses.get(job.key)!;
    return status.phase === "unknown" || (status.phase === "failed" && isPossiblyRequeued(status));
  });
  if (doubtful.length === 0) return statuses;
  const queued = new RowsByJob((await querySqueue(client, cluster)).map((row) => ({
    ...row,
    submitS: null,
    exitCode: "",
    elapsed: "",
  })));
  for (const job of doubtful) {
    const fromQueue = queued.of(job.jobId);
    if (fromQueue.length === 0) continue;
    // squeue is the newer witness for what it shows; accounting fills in the tasks that left it.
    const seen = new Set(fromQueue.map((row) => row.jobId));
    const older = statuses.get(job.key)!.rows.filter((row) => !seen.has(row.jobId));
    statuses.set(job.key, statusOf(job, [...older, ...fromQueue]));
  }
  return statuses;
}

async function accountingRows(
  client: SlurmClient,
  cluster: string | null,
  jobs: readonly SubmittedJob[],
  progress: Progress,
): Promise<SacctRow[]> {
  const since = jobs.reduce((oldest, job) => Math.min(oldest, job.submittedAtMs), Infinity);
  try {
    const jobIds = new Set(jobs.map((job) => splitJobId(job.jobId).submittedId));
    return await querySacct(
      client,
      [...jobIds],
      since,
      cluster,
      (count) => progress.advance(count),
    );
  } catch (error) {
    if (error instanceof AccountingDisabledError) return [];
    throw error;
  }
}

function statusOf(job: SubmittedJob, rows: readonly StateRow[]): JobStatus {
  const { submittedId, arrayTaskId } = splitJobId(job.jobId);
  const tasks = job.details?.arrayTasks ?? null;
  return decideStatus({
    jobId: submittedId,
    submittedAtMs: job.submittedAtMs,
    arrayTasks: arrayTaskId !== null
      ? [arrayTaskId]
      : tasks === null
      ? null
      : parseArrayTasks(tasks),
  }, rows);
}
