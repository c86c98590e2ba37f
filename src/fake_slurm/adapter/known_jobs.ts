import { type JobRecord, toRecords } from "../job_records.ts";
import type { JobTable } from "../job_table.ts";
import type { Cluster } from "../state_directory.ts";

/**
 * The jobs that slurmctld still knows: those that have not ended, and for a while those that have.
 * An array's rest stands last among its tasks, as {@linkcode toRecords} gives it.
 */
export function findKnownJobs(
  table: JobTable,
  cluster: Cluster,
  nowMs: number,
  baseOrJobId?: number,
): JobRecord[] {
  const known = "superseded = 0 AND (end_ms IS NULL OR end_ms > ?1)";
  const since = nowMs - cluster.minJobAgeMs;
  if (baseOrJobId === undefined) return toRecords(table.find(known, since));
  return toRecords(table.find(`${known} AND (base_id = ?2 OR job_id = ?2)`, since, baseOrJobId));
}
