import type { Submission } from "./accounting_entry.ts";
import type { SubmissionDetails, SubmittedJob } from "./job.ts";
import { parseArrayTasks, splitJobId } from "./job_id.ts";

/**
 * What is known of a job's submission: of a row that is one task of an array, of that task alone.
 *
 * @param isAccounted whether accounting knows the job: then it knows the tasks, too, that slurmctld has forgotten.
 */
export function submissionOf(job: SubmittedJob, isAccounted = true): Submission {
  const { submittedId, arrayTaskId } = splitJobId(job.jobId);
  const { details } = job;
  return {
    jobId: submittedId,
    submittedAtMs: job.submittedAtMs,
    acceptedAtMs: job.acceptedAtMs,
    submitS: details?.submitS ?? null,
    reusedFromS: job.reusedFromS,
    arrayTasks: arrayTaskId !== null ? [arrayTaskId] : tasksIn(details, isAccounted),
    ...(details?.components === undefined ? {} : { components: details.components }),
  };
}

function tasksIn(
  details: SubmissionDetails | null,
  isAccounted: boolean,
): Submission["arrayTasks"] {
  // That nothing is known of a job does not make it a plain one.
  if (details === null || details.areTasksUnknown === true) return "unknown";
  if (details.mayHaveMoreTasks === true && !isAccounted) return "unknown";
  return details.arrayTasks === null ? null : parseArrayTasks(details.arrayTasks);
}
