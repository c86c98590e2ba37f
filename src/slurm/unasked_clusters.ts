import type { UserError } from "../errors.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { fieldsOfError } from "../session/error_fields.ts";
import type { Session } from "../session/session.ts";

/** A cluster that could not be asked, while others could. */
export interface UnaskedCluster {
  /** As sbatch named it; `null` for Slurm's own. */
  readonly cluster: string | null;
  /** Why. */
  readonly error: UserError;
}

/** The clusters that could not be asked about jobs, by what is known of these. */
export function unaskedIn(statuses: Iterable<JobStatus | undefined>): UnaskedCluster[] {
  const found = new Map<string | null, UnaskedCluster>();
  for (const status of statuses) {
    if (status?.doubt?.kind === "not asked") found.set(status.doubt.cluster, status.doubt);
  }
  return [...found.values()];
}

/** Why nothing is known of the jobs of a cluster. */
export function explainUnasked({ cluster, error }: UnaskedCluster): string {
  return `nothing is known of the jobs of ${nameOfCluster(cluster)}: ${error.problem}`;
}

/** The cluster in a sentence. */
export function nameOfCluster(cluster: string | null): string {
  return cluster === null ? "this cluster" : `cluster ${cluster}`;
}

/** What helps where a named cluster cannot be asked. */
export const WHEN_GONE =
  "try again later; if the cluster is permanently gone: dlslurm finish ID --close-unknown-jobs";

/** Reports the clusters that could not be asked, so that the exit status tells, too. */
export function reportUnasked(
  { root }: { readonly root: string },
  statuses: Iterable<JobStatus | undefined>,
  action: string,
  session: Session,
): void {
  for (const unasked of unaskedIn(statuses)) {
    session.report({
      ...{ action, status: "impossible", path: root, type: "dataset", refds: root },
      ...fieldsOfError(unasked.error),
      message: explainUnasked(unasked),
      hint: WHEN_GONE,
    });
  }
}
