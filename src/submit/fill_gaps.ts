import type { Dataset } from "../datalad/dataset.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStore } from "../store/job_store.ts";
import { fetchLogPaths } from "./fetch_log_paths.ts";
import type { Session } from "../session/session.ts";

/**
 * Asks scontrol again, once for all, for jobs that were submitted while it did not answer: which tasks an
 * array has must be known before its state can be told. What it has forgotten by now, the submission
 * command may tell.
 */
export async function fillGaps(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly SubmittedJob[],
  session: Session,
): Promise<SubmittedJob[]> {
  const gaps = jobs.filter((job) => job.details === null);
  if (gaps.length === 0) return [...jobs];
  using _progress = session.progress("asking Slurm for log files");
  const noted = await fetchLogPaths(dataset, store, gaps, session, "later");
  // What that takes is loaded only then: scontrol seldom fails.
  const { detailsFromCommand } = await import("./details_from_command.ts");
  return await Promise.all(jobs.map(async (job) => {
    const details = job.details ?? noted.get(job.jobKey);
    return { ...job, details: details ?? await detailsFromCommand(dataset, job, session) };
  }));
}
