import { fieldsOfError } from "../../session/error_fields.ts";
import { tasksOfArray } from "../../commit/tasks_of_array.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { toUserError } from "../../process/system_error.ts";
import { askSlurm } from "../../slurm/ask_slurm.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";

/**
 * Makes jobs of the tasks of arrays of which some have completed and others have not, one transaction for each
 * array. A crash leaves arrays that are parted and others that are not: all are open.
 *
 * @returns the jobs to be finished, with tasks in the place of their arrays; arrays that cannot be parted are told
 * of and left out.
 */
export async function partArrays(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly SubmittedJob[],
  context: CommandContext,
): Promise<SubmittedJob[]> {
  const statuses = await askSlurm(dataset, [...jobs], context, { areGapsFilled: true });
  return jobs.flatMap((job) => {
    try {
      const tasks = tasksOfArray(dataset, job, statuses.get(job.jobKey)!, context);
      if (tasks === undefined) return [job];
      const keys = store.arrays.split(job, tasks) ?? [job.jobKey];
      return keys.flatMap((key) => store.findSubmitted(key) ?? []);
    } catch (error) {
      context.report({
        ...{ action: "slurm-finish", status: "impossible", refds: dataset.root },
        slurmJobId: job.jobId,
        ...fieldsOfError(toUserError(error)),
      });
      return [];
    }
  });
}
