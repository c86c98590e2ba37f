import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { fieldsOfError } from "../../session/error_fields.ts";
import type { Session } from "../../session/session.ts";
import { ofDataset } from "../../session/result_record.ts";

/** Why a job is not submitted again. */
export interface Reason {
  /** The reason itself. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
  /** Whether it is also reported if no job was named. */
  readonly isWorthReporting?: boolean;
}

/** Says why a job is not submitted again. */
export function reportLeft(
  dataset: Dataset,
  { jobId }: SubmittedJob,
  { message, hint }: Reason,
  session: Session,
): void {
  session.report({
    ...notRetried(dataset, jobId),
    message: `Slurm job ${jobId} is not submitted again: ${message}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Says why the next attempt of a job cannot be planned. */
export function reportRefused(
  dataset: Dataset,
  { jobId }: SubmittedJob,
  error: UserError,
  session: Session,
): void {
  session.report({
    ...notRetried(dataset, jobId),
    ...fieldsOfError(error),
    message: `Slurm job ${jobId} stays as it is: ${error.message}`,
  });
}

/** What the results for jobs that are not submitted again have in common. */
function notRetried({ root }: Dataset, slurmJobId: string) {
  return { action: "slurm-retry", status: "impossible", refds: root, slurmJobId } as const;
}

/**
 * Says that there is nothing to submit again.
 *
 * @param others jobs that have failed, but were not meant.
 */
export function reportNothing(dataset: Dataset, others: number, session: Session): void {
  session.report({
    ...ofDataset(dataset, "slurm-retry", "notneeded"),
    message: others === 0
      ? "no open job has failed"
      : `${others} open ${others === 1 ? "job has" : "jobs have"} failed, but not as --state says`,
  });
}
