import type { OpenDataset } from "../claims/open_dataset.ts";
import { UserError } from "../errors.ts";
import type { Job } from "../jobs/job.ts";
import { fetchLogPaths } from "./fetch_log_paths.ts";
import { findSubmissions } from "./find_submissions.ts";
import type { FoundSubmission } from "./find_submissions.ts";
import { removeTraces, tracesOf } from "./submission_traces.ts";
import { storeReceiptOf } from "./store_receipt.ts";

/**
 * Settles unclear submissions whose jobs Slurm tells: these jobs are open from here on. A crash leaves them
 * unclear, or open.
 *
 * @returns what was found of each; those whose kind is `found` are settled, all others are as they were.
 */
export async function settleSubmissions(
  open: OpenDataset,
  unclear: readonly Job[],
): Promise<FoundSubmission[]> {
  const { dataset, store, session } = open;
  const found = await findSubmissions(dataset, store, unclear, session);
  const settled: number[] = [];
  const results: FoundSubmission[] = [];
  for (const each of found) {
    const result = each.kind === "found" ? await take(open, each) : each;
    results.push(result);
    if (result.kind === "found") settled.push(result.job.jobKey);
  }
  if (settled.length === 0) return results;
  // slurmctld may have forgotten the job before the next finish. Of an array of rows all are asked for.
  await fetchLogPaths(open, store.listOfSubmissions(settled), "later");
  return results;
}

async function take(
  open: OpenDataset,
  found: Extract<FoundSubmission, { kind: "found" }>,
): Promise<FoundSubmission> {
  const { dataset, store, session } = open;
  const { job, jobId, cluster } = found;
  const key = job.jobKey;
  try {
    await storeReceiptOf(open, { key, jobId, cluster }, session.now().getTime());
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "SUBMISSION_UNCLEAR") throw error;
    return { job, kind: "unclear", reason: error.message, jobIds: [jobId] };
  }
  store.evidence.noteFoundBy(key, "accounting");
  await removeTraces(tracesOf(dataset, key));
  return found;
}

/** Settles what Slurm can tell, says so, and gives the submissions that remain unclear. */
export async function settleAndTell(
  open: OpenDataset,
  unclear: readonly Job[],
): Promise<Job[]> {
  const results = await settleSubmissions(open, unclear);
  return results.flatMap((result) => {
    if (result.kind !== "found") return [result.job];
    open.session.warn(`${howFound(result)} (${result.job.cmd})`);
    return [];
  });
}

/** `submission 7 was found to be job 4242: the one of …` */
export function howFound(
  { job, jobId, cluster }: Extract<FoundSubmission, { kind: "found" }>,
): string {
  const where = cluster === null ? "" : ` on cluster ${cluster}`;
  return `submission ${job.jobKey} was found to be job ${jobId}${where}, by its command, folder and time ` +
    "in accounting";
}
