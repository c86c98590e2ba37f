import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { splitJobId } from "../../jobs/job_id.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { slurmClientOf } from "../../slurm/slurm_client.ts";
import { queryPendingReasons } from "../../slurm/query_pending_reasons.ts";
import type { CommandContext } from "../context.ts";

/**
 * Why jobs are pending, by their keys. squeue is asked only if one is, once for up to 500; a list without
 * reasons is better than none, so a squeue that fails is ignored.
 */
export async function pendingReasons(
  dataset: Dataset,
  jobs: readonly SubmittedJob[],
  statuses: ReadonlyMap<number, JobStatus>,
  context: CommandContext,
): Promise<ReadonlyMap<number, string>> {
  const pending = jobs.filter(({ jobKey }) =>
    statuses.get(jobKey)?.states.values().some((state) => state === "PENDING")
  );
  const found = new Map<number, string>();
  for (const [cluster, group] of Map.groupBy(pending, (job) => job.cluster)) {
    const ids = [...new Set(group.map(({ jobId }) => splitJobId(jobId).submittedId))];
    const client = slurmClientOf(dataset, context);
    const reasons = await queryPendingReasons(client, ids, cluster).catch((error) => {
      if (!(error instanceof UserError)) throw error;
      return new Map<string, string>();
    });
    for (const { jobKey, jobId } of group) {
      const reason = reasons.get(splitJobId(jobId).submittedId);
      if (reason !== undefined) found.set(jobKey, reason);
    }
  }
  return found;
}
