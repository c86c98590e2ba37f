import { UserError } from "../errors.ts";
import type { AccountingEntry, Submission } from "../jobs/accounting_entry.ts";
import { EntriesByJob } from "../jobs/entries_by_job.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { componentIdOf } from "../jobs/job_id.ts";
import { decideStatus, statusOf } from "../jobs/job_status.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { offsetOf } from "../jobs/own_entries.ts";
import { isDoubtful, withQueue } from "../jobs/queue_entries.ts";
import { submissionOf } from "../jobs/submission_of.ts";
import { isOfAttempt } from "./attempts_again.ts";
import { AccountingDisabledError, isKnownSince, querySacct } from "./query_sacct.ts";
import type { TimeAgo } from "./query_sacct.ts";
import { querySqueue } from "./query_squeue.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** Jobs of one cluster, and what accounting has of them. */
export interface ClusterJobs {
  /** As sbatch named it; `null` for Slurm's own. */
  readonly cluster: string | null;
  /** Those that are asked about. */
  readonly jobs: readonly SubmittedJob[];
  /** In the order printed. */
  readonly accounted: readonly AccountingEntry[];
}

/**
 * Decides what is the case of each job, by what accounting has of it and, for those that it does not know or
 * may be wrong about, by one squeue.
 *
 * @param doubtsActive and `areGapsFilled`, as `askSlurm` has them.
 * @returns the status of each job, by its key; that of one for which squeue is needed and fails says so.
 * @throws {UserError} `SLURM_UNAVAILABLE` if it is accounting that fails.
 */
export async function decideAll(
  client: SlurmClient,
  { cluster, jobs, accounted }: ClusterJobs,
  { nowMs, doubtsActive, areGapsFilled }: {
    readonly nowMs: number;
    readonly doubtsActive: boolean;
    readonly areGapsFilled: boolean;
  },
): Promise<Map<number, JobStatus>> {
  const byJob = new EntriesByJob(accounted);
  const components = await askComponents(client, cluster, jobs, byJob);
  const asked = jobs.map((job) => {
    const entries = [...byJob.of(job.jobId), ...components.get(job.jobKey) ?? []];
    return {
      job,
      submission: submissionOf(job, { isAccounted: entries.length > 0, areGapsFilled }),
      entries,
    };
  });
  // What one job proves of the clock that sacct prints holds for the others, too.
  const zones = new Set(
    asked.map(({ submission, entries }) => offsetOf(submission, entries, { nowMs })),
  );
  const clock = { nowMs, isZone: (seconds: number) => zones.has(seconds) };
  const decide = ({ job, submission, entries }: AskedJob) =>
    [job.jobKey, decideStatus(submission, entries, clock)] as const;
  const statuses = new Map(asked.map(decide));
  // No further question is asked for the sake of an attempt that had failed.
  const isAttempt = ({ job }: AskedJob) => isOfAttempt(job.jobKey);
  const others = asked.filter((each) => !isAttempt(each)).filter(({ job }) =>
    statuses.get(job.jobKey)!.doubt?.kind === "other submission"
  );
  for (const zone of await proveZones(client, cluster, others, nowMs)) zones.add(zone);
  for (const [key, status] of others.map(decide)) statuses.set(key, status);
  const doubtful = asked.filter((each) => {
    const status = statuses.get(each.job.jobKey)!;
    if (isAttempt(each) && status.phase !== "active") return false;
    return isDoubtful(status) || (doubtsActive && status.phase === "active");
  });
  if (doubtful.length === 0) return statuses;
  const queue = await querySqueue(client, cluster).catch((error) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  if (queue instanceof UserError) {
    const unknown = doubtful.map(({ job }) => job)
      // Of what runs it would only confirm that.
      .filter(({ jobKey }) => doubtsActive || statuses.get(jobKey)!.phase !== "active");
    return new Map([...statuses, ...notAsked(cluster, unknown, queue)]);
  }
  const queued = new EntriesByJob(queue);
  for (const { job: { jobKey, jobId }, submission } of doubtful) {
    const status = statuses.get(jobKey)!;
    statuses.set(jobKey, withQueue(submission, status, queued.of(jobId), clock));
  }
  return statuses;
}

/** What is known of jobs whose cluster could not be asked, by their keys: nothing, and why. */
export function notAsked(
  cluster: string | null,
  jobs: readonly SubmittedJob[],
  error: UserError,
): Map<number, JobStatus> {
  const doubt = { kind: "not asked", cluster, error } as const;
  return new Map(
    jobs.map((job) => [job.jobKey, statusOf(submissionOf(job), { entries: [], doubt })]),
  );
}

/**
 * Asks accounting for components of heterogeneous jobs by their own IDs: sacct 24.11 shows each as a plain
 * job, and by the ID of the whole only the first.
 *
 * @returns by the keys of the jobs, with the IDs that other versions print.
 */
async function askComponents(
  client: SlurmClient,
  cluster: string | null,
  jobs: readonly SubmittedJob[],
  byJob: EntriesByJob<AccountingEntry>,
): Promise<Map<number, AccountingEntry[]>> {
  const missing = jobs.flatMap(({ jobKey, jobId, details }) => {
    const entries = byJob.of(jobId);
    return (details?.components ?? []).flatMap((id, offset) => {
      const printed = componentIdOf(jobId, offset);
      const isSeen = entries.some((entry) => entry.jobId === printed);
      return id === null || offset === 0 || isSeen ? [] : [{ jobKey, id, printed }];
    });
  });
  if (missing.length === 0) return new Map();
  const rows = await querySacct(client, missing.map(({ id }) => id), cluster).catch((error) => {
    if (error instanceof AccountingDisabledError) return [];
    throw error;
  });
  const found = new Map<number, AccountingEntry[]>();
  for (const { jobKey, id, printed } of missing) {
    const own = rows.filter((row) => row.jobId === id || row.jobId === printed)
      .map((row) => ({ ...row, jobId: printed }));
    found.getOrInsert(jobKey, []).push(...own);
  }
  return found;
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
