import type { OpenDataset } from "../claims/open_dataset.ts";
import type { SubmittedJob } from "../jobs/job.ts";

/**
 * Asks scontrol again, once for all, for jobs that were submitted while it did not answer: which tasks an
 * array has must be known before its state can be told. What it has forgotten by now, the submission
 * command may tell.
 */
export async function fillGaps(
  open: OpenDataset,
  jobs: readonly SubmittedJob[],
): Promise<SubmittedJob[]> {
  const { dataset, session } = open;
  const gaps = jobs.filter((job) => job.details === null);
  if (gaps.length === 0) return [...jobs];
  using _progress = session.progress("asking Slurm for log files");
  // What that takes is loaded only then: scontrol seldom fails.
  const { fetchLogPaths } = await import("./fetch_log_paths.ts");
  const noted = await fetchLogPaths(open, gaps, "later");
  const { detailsFromCommand } = await import("./details_from_command.ts");
  return await Promise.all(jobs.map(async (job) => {
    if (job.details !== null) return job;
    const details = noted.get(job.jobKey);
    return { ...job, details: details ?? await detailsFromCommand(dataset, job, session) };
  }));
}
