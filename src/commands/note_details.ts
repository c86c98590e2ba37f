import { dirname, join, relative } from "node:path";
import { isInside } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { renderPythonJsonUnsorted } from "../datalad/python_json.ts";
import { UserError } from "../errors.ts";
import { realPathIfPresent } from "../fs/if_present.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type { SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { showJob } from "../slurm/show_job.ts";
import type { JobRecord } from "../slurm/show_job.ts";
import { arrayTasksOf, environmentOf, logsOf } from "../slurm/submission_details.ts";
import type { JobStore } from "../store/job_store.ts";
import { slurmClientOf } from "./ask_slurm.ts";
import type { CommandContext } from "./context.ts";
import { warn } from "./context.ts";

/**
 * Asks scontrol, once, where a job writes its logs and which tasks it has, writes the environment
 * file beside the log, and notes both. If scontrol does not answer the job stays open all the same,
 * and finish asks again.
 *
 * @returns what was noted, or `null`.
 */
export async function noteDetails(
  dataset: Dataset,
  store: JobStore,
  job: SubmittedJob,
  context: CommandContext,
): Promise<SubmissionDetails | null> {
  let records: JobRecord[];
  try {
    records = await showJob(slurmClientOf(dataset, context), job.jobId, job.cluster);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(
      context,
      `job ${job.jobId} is recorded, but its log paths are not known yet: ${error.message}` +
        `${error.detail === undefined ? "" : ` (${error.detail})`}; finish asks again`,
    );
    return null;
  }
  const record = records[0];
  if (record === undefined) return null;
  const details: SubmissionDetails = {
    logs: logsOf(records),
    arrayTasks: arrayTasksOf(records),
    environmentFile: await writeEnvironmentFile(dataset, job, record).catch((error) => {
      // The job is submitted, and its record does not depend on this file.
      warn(
        context,
        `the environment file of job ${job.jobId} could not be written: ${error.message}`,
      );
      return null;
    }),
  };
  store.storeDetails(job.key, details);
  return details;
}

/** Beside StdOut if that is in the dataset, else in the job's working directory. */
async function writeEnvironmentFile(
  dataset: Dataset,
  job: SubmittedJob,
  record: JobRecord,
): Promise<string | null> {
  const name = `slurm-job-${job.jobId}.env.json`;
  // Beside the log in the alternative folder too: it comes back with the outputs.
  const root = job.altDir ?? dataset.root;
  const log = record.get("StdOut");
  const folders = [
    ...(log === undefined ? [] : [dirname(log)]),
    ...(record.has("WorkDir") ? [record.get("WorkDir")!] : []),
    join(root, job.pwd),
  ];
  for (const folder of folders) {
    const real = await realPathIfPresent(folder);
    const path = real === undefined ? ".." : relative(root, join(real, name));
    if (!isInside(path)) continue;
    const text = renderPythonJsonUnsorted(environmentOf(record), 2);
    await writeFileAtomic(join(root, path), text);
    return path;
  }
  return null;
}
