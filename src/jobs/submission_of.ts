import type { Submission } from "./accounting_entry.ts";
import type { SubmittedJob } from "./job.ts";
import { parseArrayTasks, splitJobId } from "./job_id.ts";

/**
 * What is known of a job's submission: of a row that is one task of an array, of that task alone.
 *
 * @param isAccounted whether accounting knows the job: then it knows the tasks, too, that slurmctld has forgotten.
 */
export function submissionOf(job: SubmittedJob, isAccounted = true): Submission {
  const { submittedId, arrayTaskId } = splitJobId(job.jobId);
  const areAllKnown = isAccounted || job.details?.mayHaveMoreTasks !== true;
  const tasks = areAllKnown ? job.details?.arrayTasks ?? null : null;
  return {
    jobId: submittedId,
    submittedAtMs: job.submittedAtMs,
    acceptedAtMs: job.acceptedAtMs,
    submitS: job.details?.submitS ?? null,
    reusedFromS: job.reusedFromS,
    arrayTasks: arrayTaskId !== null
      ? [arrayTaskId]
      : tasks === null
      ? null
      : parseArrayTasks(tasks),
  };
}
