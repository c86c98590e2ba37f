import type { AccountingEntry } from "../jobs/accounting_entry.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { AccountingDisabledError, querySacct } from "./query_sacct.ts";
import { slurmClientOf } from "./slurm_client.ts";
import type { Configured } from "./slurm_client.ts";
import type { SlurmClient } from "./slurm_command.ts";
import type { Progress, Session } from "../session/session.ts";

/** How to ask Slurm. */
export interface Asking {
  /**
   * Whether squeue is asked, too, for jobs that accounting calls active: it costs a call more, and is for few
   * jobs, of which the user says that they are over.
   */
  readonly doubtsActive?: boolean;
  /** What is done while Slurm makes up its answer, such as loading what the answer is for. */
  readonly meanwhile?: () => Promise<unknown>;
}

/**
 * Asks Slurm for all jobs together: sacct first, then, for those of which accounting does not know or may
 * be wrong, one squeue. Shows its progress.
 *
 * @returns the status of each job, by its key.
 * @throws {UserError} `SLURM_UNAVAILABLE`; nothing is known then, and it is safe to ask again.
 */
export async function askSlurm(
  dataset: Configured,
  jobs: readonly SubmittedJob[],
  session: Session,
  { doubtsActive = false, meanwhile }: Asking = {},
): Promise<Map<number, JobStatus>> {
  const client = slurmClientOf(dataset, session);
  const submissions = new Set(jobs.map((job) => splitJobId(job.jobId).submittedId));
  using progress = session.progress("asking Slurm", submissions.size);
  const nowMs = session.now().getTime();
  const statuses = new Map<number, JobStatus>();
  for (const [cluster, group] of Map.groupBy(jobs, (job) => job.cluster)) {
    // The question is on its way before anything is loaded: that keeps the processor busy.
    const [accounted, { decideAll }] = await Promise.all([
      accountingEntries(client, cluster, group, progress),
      import("./decide_entries.ts"),
      meanwhile?.(),
    ]);
    const own = { cluster, jobs: group, accounted };
    const found = await decideAll(client, own, { nowMs, doubtsActive });
    for (const [key, status] of found) statuses.set(key, status);
  }
  return statuses;
}

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
