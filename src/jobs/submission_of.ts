import type { Submission } from "./accounting_entry.ts";
import type { SubmittedJob } from "./job.ts";
import { parseArrayTasks, splitJobId } from "./job_id.ts";

/**
 * What is known of a job's submission: of a row that is one task of an array, of that task alone.
 *
 * @param isAccounted whether accounting knows the job: then it knows the tasks, too, that slurmctld has forgotten.
 * @param areGapsFilled whether all was tried to learn what is not noted of the job.
 */
export function submissionOf(
  job: SubmittedJob,
  { isAccounted = true, areGapsFilled = false }: {
    readonly isAccounted?: boolean;
    readonly areGapsFilled?: boolean;
  } = {},
): Submission {
  const { submittedId, arrayTaskId } = splitJobId(job.jobId);
  const { details } = job;
  return {
    jobId: submittedId,
    submittedAtMs: job.submittedAtMs,
    acceptedAtMs: job.acceptedAtMs,
    submitS: details?.submitS ?? null,
    reusedFromS: job.reusedFromS,
    arrayTasks: arrayTaskId !== null ? [arrayTaskId] : tasksIn(job, { isAccounted, areGapsFilled }),
    ...(details?.components === undefined ? {} : { components: details.components }),
  };
}

function tasksIn(
  { details }: SubmittedJob,
  { isAccounted, areGapsFilled }: {
    readonly isAccounted: boolean;
    readonly areGapsFilled: boolean;
  },
): Submission["arrayTasks"] {
  // That nobody could tell anything of a job does not make it a plain one.
  if (details === null) return areGapsFilled ? "unknown" : null;
  if (details.areTasksUnknown === true) return "unknown";
  if (details.mayHaveMoreTasks === true && !isAccounted) return "unknown";
  return details.arrayTasks === null ? null : parseArrayTasks(details.arrayTasks);
}
