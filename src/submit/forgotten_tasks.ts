import type { Dataset } from "../datalad/dataset.ts";
import type { SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { parseArrayTasks, renderTaskList, splitJobId } from "../jobs/job_id.ts";
import { detailsFromCommand } from "./details_from_command.ts";
import type { WithEnvironment } from "./details_from_command.ts";

/**
 * Completes what scontrol told late of an array: slurmctld forgets tasks one by one, MinJobAge after each has
 * ended, and shows the others as if they were all. The submission command may tell which there were; where it
 * does not, that is noted.
 */
export async function withForgottenTasks(
  dataset: Dataset,
  job: SubmittedJob,
  details: SubmissionDetails,
  environment: WithEnvironment,
): Promise<SubmissionDetails> {
  const isTask = splitJobId(job.jobId).arrayTaskId !== null;
  if (details.arrayTasks === null || isTask) return details;
  const expected = await detailsFromCommand(dataset, job, environment);
  const tasks = new Set(expected?.arrayTasks ? parseArrayTasks(expected.arrayTasks) : []);
  const told = parseArrayTasks(details.arrayTasks);
  if (!told.every((task) => tasks.has(task))) return { ...details, mayHaveMoreTasks: true };
  if (tasks.size === told.length) return details;
  // Of pending tasks scontrol has told the pattern.
  const isPatternKnown = details.logs.some((log) => log.task === null);
  return {
    ...details,
    arrayTasks: renderTaskList(tasks),
    logs: isPatternKnown ? details.logs : [...details.logs, ...expected!.logs],
  };
}
