import { hintForHolder, nameOfHolder } from "../../claims/output_conflict.ts";
import { resolveClaim } from "../../datalad/claimed_path.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { firstOf } from "../../session/name_list.ts";
import { OutputConflictError } from "../../store/output_conflict.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { FinishOptions } from "./finish_options.ts";

/**
 * Which of several jobs wrote a further output nobody could tell.
 *
 * @throws {UserError} `USAGE`
 */
export function requireOneJob(options: FinishOptions, jobIds: readonly string[]): void {
  if (options.output.length > 0 && jobIds.length !== 1) {
    throw new UserError("USAGE", "Cannot commit further outputs without the ID of one job", {
      hint: "dlslurm finish 4242 -o more",
    });
  }
}

/**
 * The same of the jobs that the ID stands for: rows of a table that are the tasks of one array, or two jobs where
 * Slurm gave it anew.
 *
 * @throws {UserError} `USAGE`
 */
export function requireOneSelected(
  options: FinishOptions,
  selected: readonly SubmittedJob[],
): void {
  if (options.output.length === 0 || selected.length < 2) return;
  const ids = firstOf(selected.map(({ jobId }) => jobId), MOST_NAMED);
  throw new UserError(
    "USAGE",
    `Cannot commit further outputs with several jobs, ${ids}: it is unclear which of them wrote these`,
    {
      unchanged: "Nothing was committed, the jobs stay open",
      hint: `name the job that did: dlslurm finish ${selected[0]!.jobId} -o PATH`,
    },
  );
}

/** At most so many jobs are named. */
const MOST_NAMED = 3;

/** The paths of further outputs, relative to the root. */
export async function resolveFurtherOutputs(
  dataset: Dataset,
  outputs: readonly string[],
  cwd: string,
): Promise<string[]> {
  const claims: string[] = [];
  for (const output of outputs) claims.push(await resolveClaim(dataset.root, cwd, output));
  return claims;
}

/**
 * Claims further outputs for a job that is to be committed: from here on no other job can.
 *
 * @throws {UserError} `OUTPUT_CONFLICT` if another open job holds one of `claims`.
 */
export function addOutputs(store: JobStore, job: SubmittedJob, claims: readonly string[]): void {
  try {
    store.addOutputs(job.jobKey, claims);
  } catch (error) {
    if (!(error instanceof OutputConflictError)) throw error;
    const { conflict, holder } = error;
    throw new UserError(
      "OUTPUT_CONFLICT",
      `Cannot commit "${conflict.path}" with job ${job.jobId}: ${nameOfHolder(holder)} holds it`,
      {
        unchanged: "Nothing was committed, the jobs stay open",
        hint: hintForHolder(holder),
        cause: error,
      },
    );
  }
}
