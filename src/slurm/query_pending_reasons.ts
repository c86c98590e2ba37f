import { queryPending } from "./query_pending.ts";
import type { SlurmClient } from "./slurm_command.ts";

/** The reason is the last field: an administrator may have put any text there. */
const FORMAT = "JobArrayID:|,Reason:|";

/**
 * Asks squeue, 500 jobs a call, why jobs are pending: `Priority`, `Resources`, `Dependency`, `JobHeldUser` …
 *
 * @param jobIds as sbatch printed them.
 * @returns by those IDs, of an array what is said of its first pending tasks; jobs that are not pending are
 * absent.
 * @throws {UserError} `SLURM_UNAVAILABLE` if squeue is missing, fails, hangs or knows none of the jobs.
 */
export async function queryPendingReasons(
  client: SlurmClient,
  jobIds: readonly string[],
  cluster: string | null,
): Promise<Map<string, string>> {
  const reasons = new Map<string, string>();
  for await (const answer of queryPending(client, FORMAT, jobIds, cluster)) {
    for (const line of answer.stdout.split("\n")) {
      const [, jobId, reason] = /^\s*([0-9]+)[^|]*\|(.*)\|\s*$/.exec(line) ?? [];
      if (jobId === undefined || !answer.jobIds.includes(jobId) || reasons.has(jobId)) continue;
      if (reason!.trim() !== "" && reason !== "None") reasons.set(jobId, reason!.trim());
    }
  }
  return reasons;
}
