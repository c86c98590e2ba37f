import { UserError } from "../errors.ts";
import { accountingOf } from "../jobs/accounting.ts";
import type { AccountedRun, JobAccounting } from "../jobs/accounting.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { offsetOf } from "../jobs/own_entries.ts";
import { submissionOf } from "../jobs/submission_of.ts";
import type { Session } from "../session/session.ts";
import { slurmClientOf } from "./slurm_client.ts";
import { namesNodes } from "./names_nodes.ts";
import type { ConfiguredRecords } from "./names_nodes.ts";
import { queryAccounting } from "./query_accounting.ts";

/**
 * Asks accounting what jobs that have ended were given and what they used, with one call for up to 500 of
 * them. Jobs that it does not know are absent, and where it does not answer all are: that is said, and is no
 * reason to leave a job uncommitted.
 *
 * @returns by the jobs' keys.
 */
export async function askAccounting(
  dataset: ConfiguredRecords,
  ended: readonly { readonly job: SubmittedJob; readonly status: JobStatus }[],
  session: Session,
): Promise<Map<number, JobAccounting>> {
  // What squeue and scontrol told has no time: accounting knew nothing of it a moment ago.
  const known = ended.filter(({ status }) => status.entries.some((entry) => entry.elapsed !== ""));
  const found = new Map<number, JobAccounting>();
  if (known.length === 0) return found;
  const client = slurmClientOf(dataset, session);
  const ids = (jobs: typeof known) =>
    new Set(jobs.map(({ job }) => splitJobId(job.jobId).submittedId));
  using progress = session.progress("asking for accounting", ids(known).size);
  const nowMs = session.now().getTime();
  const withNodes = namesNodes(dataset);
  for (const [cluster, group] of Map.groupBy(known, ({ job }) => job.cluster)) {
    let runs: ReadonlyMap<string, readonly AccountedRun[]>;
    try {
      const told = await queryAccounting(
        client,
        [...ids(group)],
        cluster,
        (count) => progress.advance(count),
      );
      runs = Map.groupBy(told, (run) => run.jobId);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      session.warn(`what the jobs have used is not recorded: ${error.message}`);
      continue;
    }
    for (const { job, status } of group) {
      const zoneS = offsetOf(submissionOf(job), status.entries, { nowMs, isZone: () => true });
      const own = accountingOf(job.jobId, status, runs, { zoneS, withNodes });
      if (own !== undefined) found.set(job.jobKey, own);
    }
  }
  return found;
}
