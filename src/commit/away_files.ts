/**
 * Jobs of which nothing is where they ran, not even what dlslurm itself wrote there: a folder that is not mounted, a
 * `git stash`, another clone at the same place, a server's listing that is old. What they wrote is not gone, it is
 * not seen.
 *
 * @module
 */

import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { BroughtBack } from "./bring_back.ts";

/** What was found of a job. */
export interface SeenFiles {
  /** Slurm's files, the environment file among them. */
  readonly found: readonly string[];
  /** Logs that should be there and are not. */
  readonly missing: readonly string[];
}

/**
 * Requires that something of a job is in its alternative folder.
 *
 * @param brought `null` for a job that ran in the dataset.
 * @throws {UserError} `BAD_ALT_DIR`
 */
export function requireSeenInAltDir(
  job: SubmittedJob,
  { found }: SeenFiles,
  brought: BroughtBack | null,
): void {
  const { jobId, altDir } = job;
  const expected = environmentFileOf(job);
  if (altDir === null || brought === null || expected === undefined) return;
  if (found.includes(expected) || brought.claims.length > 0) return;
  throw new UserError(
    "BAD_ALT_DIR",
    `Cannot bring the outputs of job ${jobId} back: in "${altDir}", where it ran, is nothing of it, not even ` +
      `"${expected}", which dlslurm wrote there`,
    {
      unchanged: "The job stays open",
      hint:
        `see whether "${altDir}" is mounted on this machine and whether its files were moved, then: dlslurm ` +
        `finish ${jobId}; if they are gone for good: dlslurm finish ${jobId} --allow-no-outputs commits what is ` +
        "in the dataset",
    },
  );
}

/**
 * Why a job that ran in the dataset must not be ended there without a commit; `undefined` where it may: something of
 * it is there, or it is not known what should be.
 */
export function unseenInDataset(
  root: string,
  job: SubmittedJob,
  { found, missing }: SeenFiles,
): UserError | undefined {
  if (job.altDir !== null || job.reusedFromS !== null || found.length > 0) return undefined;
  const expected = environmentFileOf(job) ?? missing[0];
  if (expected === undefined) return undefined;
  return new UserError(
    "BAD_OUTPUT",
    `Cannot finish job ${job.jobId}: it changed nothing that is here, and "${
      join(root, expected)
    }" is not ` +
      "there either: what it wrote is somewhere else",
    {
      unchanged: "The job stays open",
      hint:
        `see whether it is stashed (git stash list), or was moved, then: dlslurm finish ${job.jobId}; if there ` +
        `is nothing to save: dlslurm finish ${job.jobId} --allow-no-outputs`,
    },
  );
}

function environmentFileOf({ details, reusedFromS }: SubmittedJob): string | undefined {
  return reusedFromS === null ? details?.environmentFile ?? undefined : undefined;
}
