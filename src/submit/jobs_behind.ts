import type { Job } from "../jobs/job.ts";
import { parseArrayTasks, splitJobId, taskIdOf } from "../jobs/job_id.ts";
import type { JobListing } from "../store/job_listing.ts";

/** The jobs of the store that an ID stands for by now. */
export interface JobsBehind {
  /** The job, or those that are tasks of the array with this ID; none for a job of another dataset. */
  readonly jobs: readonly Job[];
  /** Of the one job, an array, this task alone is meant: its ID by now. */
  readonly taskId?: string;
  /** Whether that task completed in an attempt that failed otherwise: it is not repeated. */
  readonly isCompletedTask?: boolean;
}

/**
 * Finds the jobs that a job ID stands for, whatever their stage: those that have it, and those that had it in an
 * attempt that failed and were submitted again. Of an array that is one job also one of its tasks is found.
 */
export function jobsBehind(listing: JobListing, jobId: string): JobsBehind {
  const jobs = listing.withAnyId(jobId);
  const { submittedId, arrayTaskId: task } = splitJobId(jobId);
  if (jobs.length > 0 || task === null) return { jobs };
  for (const array of listing.withAnyId(submittedId)) {
    if (array.jobId === submittedId) return { jobs: [array], taskId: jobId };
    if (!array.attempts.some((each) => each.jobId === submittedId)) continue;
    const isCompletedTask = array.attempts.some(({ completedTasks }) =>
      hasTask(completedTasks, task)
    );
    const now = isCompletedTask || array.jobId === null ? jobId : taskIdOf(array.jobId, task);
    return { jobs: [array], taskId: now, ...(isCompletedTask ? { isCompletedTask } : {}) };
  }
  return { jobs: [] };
}

function hasTask(tasks: string, task: number): boolean {
  return tasks !== "" && parseArrayTasks(tasks).includes(task);
}
