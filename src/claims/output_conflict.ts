/**
 * What is done at the places of outputs, by submitting and by committing.
 *
 * A *claim* is a path that an open job holds, with everything inside it; its *holder* is that job. Two
 * claims *conflict* if one is the other or lies in it. To *make room* is to take links to absent contents
 * away where a job is to write. An *alternative folder* is where a job runs and writes instead of the
 * dataset; its files are brought back when the job is committed.
 *
 * @module
 */

import { isWithin } from "../paths/root_paths.ts";
import { UserError } from "../errors.ts";
import type { UserErrorOptions } from "../errors.ts";
import type { Job } from "../jobs/job.ts";

/** Whether one of two paths relative to the root is the other, inside it or around it. */
export function doConflict(a: string, b: string): boolean {
  return isWithin(a, b) || isWithin(b, a);
}

/**
 * The refusal of a new job because of an open one.
 *
 * @param path what the new job would write.
 * @param claim what is in its way.
 * @param holder whose claim that is: "job 12 (sbatch job.sh)".
 */
export function outputConflict(
  path: string,
  claim: string,
  holder: string,
  options: UserErrorOptions,
): UserError {
  const relation = claim === path
    ? "the same path"
    : isWithin(claim, path)
    ? "a folder around it"
    : "a path inside it";
  return new UserError(
    "OUTPUT_CONFLICT",
    `Output "${path}" conflicts with "${claim}" of ${holder}: ${relation}`,
    {
      preface:
        "There are conflicting outputs with previously scheduled jobs. Finish those jobs or " +
        "adjust output for the current job first",
      unchanged: "No job was submitted",
      ...options,
    },
  );
}

/** A job that holds a claim, for a person; that of a row of a table may not be submitted yet. */
export function nameOfHolder({ stage, jobId, cmd }: Job): string {
  if (stage === "handed_over") {
    return `job ${jobId} (${cmd}), which was handed over and writes here`;
  }
  if (jobId !== null) return `job ${jobId} (${cmd})`;
  return stage === "waiting"
    ? `a row that waits for its submission (${cmd})`
    : `a job that is being submitted (${cmd})`;
}

/** The command that has the holder of a claim give it up, or that says more about it. */
export function hintForHolder({ stage, jobId }: Job): string {
  if (stage === "handed_over") {
    return `once the clone that has it has finished it: dlslurm handover --release ${jobId}`;
  }
  if (jobId !== null) return `dlslurm finish ${jobId}`;
  return stage === "waiting"
    ? "dlslurm schedule --continue, or dlslurm finish --close-waiting-jobs"
    : "dlslurm recover";
}
