import { usersOfJobs } from "../../claims/users_of_jobs.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import type { Job, SubmittedJob } from "../../jobs/job.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import type { CommandContext } from "../context.ts";
import { listedJob } from "../jobs/job_table.ts";
import type { ListedJob } from "../jobs/job_table.ts";
import { pendingReasons } from "./pending_reasons.ts";

/** What Slurm said. */
export interface SlurmAnswer {
  /** The jobs that it was asked about. */
  readonly open: readonly SubmittedJob[];
  /** What it said of them, by the jobs' keys. */
  readonly statuses: ReadonlyMap<number, JobStatus>;
  /** Keys of jobs of a worktree that is gone. */
  readonly removed: ReadonlySet<number>;
}

/** Puts what Slurm said beside jobs. */
export type DescribeJobs = (answer: SlurmAnswer) => Promise<ListedJob[]>;

/**
 * Finds out who submitted jobs, which can be done while Slurm is asked.
 *
 * @returns what puts Slurm's answer beside the jobs, with why they are pending and who submitted them.
 */
export async function prepareToDescribe(
  dataset: Dataset,
  jobs: readonly Job[],
  context: CommandContext,
): Promise<DescribeJobs> {
  const users = await usersOfJobs(jobs, context.runner);
  return async ({ open, statuses, removed }) => {
    const reasons = await pendingReasons(dataset, open, statuses, context);
    return jobs.map((job) => {
      const reason = reasons.get(job.jobKey);
      const user = users.get(job.jobKey);
      return {
        ...listedJob(job, statuses.get(job.jobKey), removed.has(job.jobKey)),
        ...(reason === undefined ? {} : { reason }),
        ...(user === undefined ? {} : { user }),
      };
    });
  };
}
