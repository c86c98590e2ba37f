import { UserError } from "../errors.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { decideStatus } from "../jobs/job_status.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import type { AccountingEntry, Submission } from "../jobs/accounting_entry.ts";
import { offsetOf } from "../jobs/own_entries.ts";
import { isDoubtful, withQueue } from "../jobs/queue_entries.ts";
import { EntriesByJob } from "../jobs/entries_by_job.ts";
import { parseArrayTasks, splitJobId } from "../jobs/job_id.ts";
import { AccountingDisabledError, isKnownSince, querySacct } from "./query_sacct.ts";
import type { TimeAgo } from "./query_sacct.ts";
import { readNamedCommands } from "./named_commands.ts";
import { querySqueue } from "./query_squeue.ts";
import { QUERY_TIMEOUT_MS } from "./slurm_command.ts";
import type { SlurmClient } from "./slurm_command.ts";
import type { Session } from "../session/session.ts";
import type { Progress } from "../session/session.ts";

/** What has settings: a dataset. */
export interface Configured {
  /** Git's settings by name, absent ones `undefined`. */
  readonly config: { get(name: string): string | undefined };
}

/**
 * How Slurm is asked in this dataset; `dlslurm.slurm.timeout` is in seconds, `dlslurm.slurm.sacct` and the
 * like name other commands. A dataset's own configuration has no say in that: src/datalad/dataset_config.ts.
 *
 * @throws {UserError} `BAD_CONFIG` if what is named is no command.
 */
export function slurmClientOf(dataset: Configured, session: Session): SlurmClient {
  const seconds = Number(dataset.config.get("dlslurm.slurm.timeout"));
  const commands = readNamedCommands(dataset.config);
  return {
    runner: session.runner,
    ...(commands.size === 0 ? {} : { commands }),
    timeoutMs: seconds > 0 ? seconds * 1000 : QUERY_TIMEOUT_MS,
    signal: session.interrupted,
  };
}

/**
 * Asks Slurm for all jobs together: sacct first, then, for those of which accounting does not know or may
 * be wrong, one squeue. Shows its progress.
 *
 * @param doubtsActive whether squeue is asked, too, for jobs that accounting calls active: it costs a call
 * more, and is for few jobs, of which the user says that they are over.
 * @returns the status of each job, by its key.
 * @throws {UserError} `SLURM_UNAVAILABLE`; nothing is known then, and it is safe to ask again.
 */
export async function askSlurm(
  dataset: Configured,
  jobs: readonly SubmittedJob[],
  session: Session,
  doubtsActive = false,
): Promise<Map<number, JobStatus>> {
  const client = slurmClientOf(dataset, session);
  const submissions = new Set(jobs.map((job) => splitJobId(job.jobId).submittedId));
  using progress = session.progress("asking Slurm", submissions.size);
  const nowMs = session.now().getTime();
  const statuses = new Map<number, JobStatus>();
  for (const [cluster, group] of Map.groupBy(jobs, (job) => job.cluster)) {
    const accounted = await accountingEntries(client, cluster, group, progress);
    const own = { cluster, jobs: group, accounted };
    const found = await decideAll(client, own, { nowMs, doubtsActive });
    for (const [key, status] of found) statuses.set(key, status);
  }
  return statuses;
}

/** Jobs of one cluster, and what accounting has of them. */
interface ClusterJobs {
  readonly cluster: string | null;
  readonly jobs: readonly SubmittedJob[];
  readonly accounted: readonly AccountingEntry[];
}

async function decideAll(
  client: SlurmClient,
  { cluster, jobs, accounted }: ClusterJobs,
  { nowMs, doubtsActive }: { readonly nowMs: number; readonly doubtsActive: boolean },
): Promise<Map<number, JobStatus>> {
  const byJob = new EntriesByJob(accounted);
  const asked = jobs.map((job) => {
    const entries = byJob.of(job.jobId);
    return { job, submission: submissionOf(job, entries.length > 0), entries };
  });
  // What one job proves of the clock that sacct prints holds for the others, too.
  const zones = new Set(
    asked.map(({ submission, entries }) => offsetOf(submission, entries, { nowMs })),
  );
  const clock = { nowMs, isZone: (seconds: number) => zones.has(seconds) };
  const decide = ({ job, submission, entries }: AskedJob) =>
    [job.jobKey, decideStatus(submission, entries, clock)] as const;
  const statuses = new Map(asked.map(decide));
  const others = asked.filter(({ job }) =>
    statuses.get(job.jobKey)!.doubt?.kind === "other submission"
  );
  for (const zone of await proveZones(client, cluster, others, nowMs)) zones.add(zone);
  for (const [key, status] of others.map(decide)) statuses.set(key, status);
  const doubtful = asked.filter(({ job }) => {
    const status = statuses.get(job.jobKey)!;
    return isDoubtful(status) || (doubtsActive && status.phase === "active");
  });
  if (doubtful.length === 0) return statuses;
  const isNeeded = doubtsActive ||
    doubtful.some(({ job }) => statuses.get(job.jobKey)!.phase !== "active");
  const queue = await querySqueue(client, cluster).catch((error) => {
    if (isNeeded || !(error instanceof UserError)) throw error;
    return undefined;
  });
  if (queue === undefined) return statuses;
  const queued = new EntriesByJob(queue);
  for (const { job: { jobKey, jobId }, submission } of doubtful) {
    const status = statuses.get(jobKey)!;
    statuses.set(jobKey, withQueue(submission, status, queued.of(jobId), clock));
  }
  return statuses;
}

/** A job that Slurm was asked about. */
interface AskedJob {
  readonly job: SubmittedJob;
  readonly submission: Submission;
  /** What accounting has of its ID. */
  readonly entries: readonly AccountingEntry[];
}

/**
 * Finds out whether jobs only seem to be submitted at another time because sacct prints times of another
 * zone: one that seems too early, and one that seems too late, are looked for by the time that passed since.
 *
 * @returns seconds that the times of a zone are off.
 */
async function proveZones(
  client: SlurmClient,
  cluster: string | null,
  others: readonly AskedJob[],
  nowMs: number,
): Promise<number[]> {
  const candidates = others.map(({ submission, entries }) => ({
    submission,
    offsetS: offsetOf(submission, entries, { nowMs, isZone: () => true }),
  }));
  const proven: number[] = [];
  for (const isLate of [false, true]) {
    const found = candidates.find(({ offsetS }) => isLate ? offsetS > 0 : offsetS < 0);
    if (found === undefined) continue;
    const { submission, offsetS } = found;
    const { jobId, submittedAtMs, acceptedAtMs } = submission;
    const agoS = (atMs: number) => Math.floor((nowMs - atMs) / 1000);
    const isKnown = (when: TimeAgo["when"], secondsAgo: number) =>
      isKnownSince(client, jobId, cluster, { when, secondsAgo });
    const isIt = isLate
      ? await isKnown("submitted before", agoS(acceptedAtMs ?? submittedAtMs) - MARGIN_S)
      // An older job has ended long before. Where sacct cannot tell, the times themselves do.
      : await isKnown("ended after", agoS(submittedAtMs) + MARGIN_S).catch((error) => {
        if (error instanceof UserError) return true;
        throw error;
      });
    if (isIt) proven.push(offsetS);
  }
  return proven;
}

/** Time zones differ by a quarter of an hour at least. */
const MARGIN_S = 60;

async function accountingEntries(
  client: SlurmClient,
  cluster: string | null,
  jobs: readonly SubmittedJob[],
  progress: Progress,
): Promise<AccountingEntry[]> {
  try {
    const jobIds = new Set(jobs.map((job) => splitJobId(job.jobId).submittedId));
    return await querySacct(client, [...jobIds], cluster, (count) => progress.advance(count));
  } catch (error) {
    if (error instanceof AccountingDisabledError) return [];
    throw error;
  }
}

/**
 * What is known of a job's submission: of a row that is one task of an array, of that task alone.
 *
 * @param isAccounted whether accounting knows the job: then it knows the tasks, too, that slurmctld has forgotten.
 */
export function submissionOf(job: SubmittedJob, isAccounted = true): Submission {
  const { submittedId, arrayTaskId } = splitJobId(job.jobId);
  const areAllKnown = isAccounted || job.details?.mayHaveMoreTasks !== true;
  const tasks = areAllKnown ? job.details?.arrayTasks ?? null : null;
  return {
    jobId: submittedId,
    submittedAtMs: job.submittedAtMs,
    acceptedAtMs: job.acceptedAtMs,
    submitS: job.details?.submitS ?? null,
    reusedFromS: job.reusedFromS,
    arrayTasks: arrayTaskId !== null
      ? [arrayTaskId]
      : tasks === null
      ? null
      : parseArrayTasks(tasks),
  };
}
