import type { Dataset } from "../datalad/dataset.ts";
import { isJobId } from "../jobs/job_id.ts";
import type { JobStore } from "../store/job_store.ts";
import { fieldsOfError } from "../session/error_fields.ts";
import type { Session } from "../session/session.ts";

/** Reports jobs whose rows in the store cannot be read, each once. */
export function reportDamaged(
  dataset: Dataset,
  store: JobStore,
  action: string,
  session: Session,
): void {
  for (const row of store.damaged.takeNew()) {
    session.report({
      action,
      status: "impossible",
      refds: dataset.root,
      // What stands there need not be a job ID.
      ...(isJobId(row.jobId ?? "") ? { slurmJobId: row.jobId! } : {}),
      ...fieldsOfError(store.damaged.explain(row)),
    });
  }
}
