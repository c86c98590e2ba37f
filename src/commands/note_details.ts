import { dirname, join, relative } from "node:path";
import { isInside } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { renderPythonJsonUnsorted } from "../datalad/python_json.ts";
import { UserError } from "../errors.ts";
import { realPathIfPresent } from "../fs/if_present.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type { SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/task_job_id.ts";
import { showJob, showJobs } from "../slurm/show_job.ts";
import type { JobRecord } from "../slurm/show_job.ts";
import { arrayTasksOf, environmentOf, logsOf } from "../slurm/submission_details.ts";
import type { JobStore } from "../store/job_store.ts";
import { slurmClientOf } from "./ask_slurm.ts";
import type { CommandContext } from "./context.ts";
import { warn } from "./context.ts";

/** scontrol shows one job or all: up to here, one call for each is the lesser load. */
const MOST_SINGLE_CALLS = 8;
/** Each waits for the disk; many at once share that wait. */
const FILES_AT_ONCE = 16;

/**
 * Asks scontrol, once for all jobs if they are many, where they write their logs and which tasks they
 * have, writes the environment file beside each log, and notes both. Jobs of which scontrol does not
 * tell stay open all the same, and finish asks again.
 *
 * @returns what was noted, by key.
 */
export async function noteDetails(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly SubmittedJob[],
  context: CommandContext,
): Promise<Map<number, SubmissionDetails>> {
  const details = new Map<number, SubmissionDetails>();
  for (const [cluster, group] of Map.groupBy(jobs, (job) => job.cluster)) {
    const submissions = Map.groupBy(group, (job) => splitJobId(job.jobId).submittedId);
    const records = await recordsOf(dataset, [...submissions.keys()], cluster, context);
    const known = [...submissions].filter(([jobId]) => (records.get(jobId)?.length ?? 0) > 0);
    for (let start = 0; start < known.length; start += FILES_AT_ONCE) {
      await Promise.all(
        known.slice(start, start + FILES_AT_ONCE).map(async ([jobId, own]) => {
          const file = await noteEnvironment(dataset, jobId, own[0]!, records.get(jobId)!, context);
          for (const job of own) details.set(job.key, detailsOf(job, records.get(jobId)!, file));
        }),
      );
    }
  }
  store.storeDetails(details);
  return details;
}

/** Records by the ID that sbatch printed; what scontrol does not tell is said and left out. */
async function recordsOf(
  dataset: Dataset,
  jobIds: readonly string[],
  cluster: string | null,
  context: CommandContext,
): Promise<Map<string, JobRecord[]>> {
  const client = slurmClientOf(dataset, context);
  if (jobIds.length > MOST_SINGLE_CALLS) {
    const all = await showJobs(client, new Set(jobIds), cluster).catch((error) => {
      if (!(error instanceof UserError)) throw error;
      warnUnknown(`${jobIds.length} jobs are`, reasonOf(error), context);
      return undefined;
    });
    const missing = jobIds.filter((jobId) => all?.has(jobId) === false).length;
    if (missing > 0) {
      warnUnknown(
        `${missing} jobs are`,
        "scontrol has forgotten them, or never knew them",
        context,
      );
    }
    return all ?? new Map();
  }
  const records = new Map<string, JobRecord[]>();
  for (const jobId of jobIds) {
    try {
      records.set(jobId, await showJob(client, jobId, cluster));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warnUnknown(`job ${jobId} is`, reasonOf(error), context);
    }
  }
  return records;
}

function warnUnknown(which: string, reason: string, context: CommandContext): void {
  const whose = which.endsWith("are") ? "their" : "its";
  warn(
    context,
    `${which} recorded, but ${whose} log paths are not known yet: ${reason}; finish asks again`,
  );
}

function reasonOf(error: UserError): string {
  return `${error.message}${error.detail === undefined ? "" : ` (${error.detail})`}`;
}

/** A row that is a task of an array has the logs of that task alone. */
function detailsOf(
  job: SubmittedJob,
  records: readonly JobRecord[],
  environmentFile: string | null,
): SubmissionDetails {
  const logs = logsOf(records);
  const { arrayTaskId } = splitJobId(job.jobId);
  if (arrayTaskId === null) return { logs, arrayTasks: arrayTasksOf(records), environmentFile };
  const own = logs.filter((log) => log.task === arrayTaskId);
  return {
    // Tasks that were pending when scontrol was asked share the array's pattern.
    logs: own.length > 0 ? own : logs.filter((log) => log.task === null),
    arrayTasks: String(arrayTaskId),
    environmentFile,
  };
}

/** The environment file of a submission, if it could be written. */
async function noteEnvironment(
  dataset: Dataset,
  jobId: string,
  job: SubmittedJob,
  records: readonly JobRecord[],
  context: CommandContext,
): Promise<string | null> {
  try {
    return await writeEnvironmentFile(dataset, jobId, job, records[0]!);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // The job is submitted, and its record does not depend on this file.
    warn(context, `the environment file of job ${jobId} could not be written: ${error.message}`);
    return null;
  }
}

/** Beside StdOut if that is in the dataset, else in the job's working directory. */
async function writeEnvironmentFile(
  dataset: Dataset,
  jobId: string,
  job: SubmittedJob,
  record: JobRecord,
): Promise<string | null> {
  const name = `slurm-job-${jobId}.env.json`;
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
