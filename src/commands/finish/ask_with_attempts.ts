import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { Attempt, JobEnd, SubmittedJob } from "../../jobs/job.ts";
import { summaryOf } from "../../jobs/job_summary.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { askSlurm } from "../../slurm/ask_slurm.ts";
import type { Asking } from "../../slurm/ask_slurm.ts";

/** What was known of jobs, and of those of their attempts that were asked for with them. */
export interface AnswerWithAttempts {
  /** As they are now. */
  readonly jobs: SubmittedJob[];
  /** By the jobs' keys. */
  readonly statuses: ReadonlyMap<number, JobStatus>;
}

/**
 * Asks Slurm for jobs, and notes what it says of failed attempts of theirs that only squeue knew when they
 * were repeated: accounting catches up within seconds, and has the exit code and the time.
 *
 * @throws {UserError} `SLURM_UNAVAILABLE`.
 */
export async function askWithAttempts(
  { dataset, store, session }: OpenDataset,
  jobs: readonly SubmittedJob[],
  asking: Asking,
): Promise<AnswerWithAttempts> {
  const gaps = jobs.flatMap((job) =>
    job.attempts.flatMap((attempt, at) => isUntold(attempt.end) ? [{ job, attempt, at }] : [])
  );
  const statuses = await askSlurm(dataset, jobs, session, asking);
  const mended = new Map<number, readonly Attempt[]>();
  for (const { job, attempt, at: place } of gaps) {
    const status = statuses.get(job.jobKey)?.attempts?.get(place);
    const end = status?.phase === "failed" ? summaryOf(attempt.jobId, status) : undefined;
    if (end === undefined || isUntold(end)) continue;
    const attempts = mended.get(job.jobKey) ?? job.attempts;
    mended.set(job.jobKey, attempts.with(place, { ...attempt, end }));
  }
  if (mended.size > 0) store.notes.replaceAttempts(mended);
  return {
    jobs: jobs.map((job) => {
      const attempts = mended.get(job.jobKey);
      return attempts === undefined ? job : { ...job, attempts };
    }),
    statuses,
  };
}

/** Accounting has both of whatever has ended, be it cancelled before it began. */
function isUntold({ exitCode, elapsed }: JobEnd): boolean {
  return exitCode === "" || elapsed === "";
}
