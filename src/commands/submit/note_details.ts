import { dirname, join } from "node:path";
import { pathInside } from "../../datalad/claimed_path.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { renderPythonJsonUnsorted } from "../../datalad/python_json.ts";
import { UserError } from "../../errors.ts";
import { writeFileAtomic } from "../../fs/write_file_atomic.ts";
import type { LogPattern, SubmissionDetails, SubmittedJob } from "../../jobs/job.ts";
import { splitJobId } from "../../jobs/task_job_id.ts";
import { queryLogPatterns } from "../../slurm/query_log_patterns.ts";
import type { LogPatterns } from "../../slurm/query_log_patterns.ts";
import { showJob, showJobs } from "../../slurm/show_job.ts";
import type { JobRecord } from "../../slurm/show_job.ts";
import {
  areLogsUnclear,
  arrayTasksOf,
  environmentFileName,
  environmentOf,
  logsOf,
} from "../../slurm/submission_details.ts";
import type { JobStore } from "../../store/job_store.ts";
import { slurmClientOf } from "../ask_slurm.ts";
import type { CommandContext } from "../context.ts";
import { warn } from "../context.ts";

/** scontrol shows one job or all: up to here, one call for each is the lesser load. */
const MOST_SINGLE_CALLS = 8;
/** Each waits for the disk; many at once share that wait. */
const FILES_AT_ONCE = 16;

/**
 * Asks scontrol, once for all jobs if they are many, where they write their logs and which tasks they
 * have, and squeue where that does not tell the logs of an array's pending tasks; writes the environment
 * file beside each log, and notes both. Jobs of which scontrol does not tell stay open all the same, and
 * finish asks again.
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
    const patterns = await patternsOf(dataset, records, cluster, context);
    for (let start = 0; start < known.length; start += FILES_AT_ONCE) {
      await Promise.all(
        known.slice(start, start + FILES_AT_ONCE).map(async ([jobId, own]) => {
          const told = records.get(jobId)!;
          const file = await noteEnvironment(dataset, jobId, own[0]!, told, context);
          const detailsOf = detailsOfSubmission(logsOf(told, patterns.get(jobId)), told, file);
          for (const job of own) details.set(job.key, detailsOf(job));
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
      warnUnknown(jobIds, reasonOf(error), context);
      return undefined;
    });
    const missing = jobIds.filter((jobId) => all?.has(jobId) === false);
    if (missing.length > 0) {
      const whom = missing.length === 1 ? "it" : "them";
      warnUnknown(missing, `scontrol has forgotten ${whom}, or never knew ${whom}`, context);
    }
    return all ?? new Map();
  }
  const records = new Map<string, JobRecord[]>();
  for (const jobId of jobIds) {
    try {
      records.set(jobId, await showJob(client, jobId, cluster));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warnUnknown([jobId], reasonOf(error), context);
    }
  }
  return records;
}

/** What squeue tells of arrays whose pending tasks may write logs that scontrol does not tell apart. */
async function patternsOf(
  dataset: Dataset,
  records: ReadonlyMap<string, readonly JobRecord[]>,
  cluster: string | null,
  context: CommandContext,
): Promise<Map<string, LogPatterns>> {
  const jobIds = [...records].filter(([, own]) => areLogsUnclear(own)).map(([jobId]) => jobId);
  if (jobIds.length === 0) return new Map();
  try {
    return await queryLogPatterns(slurmClientOf(dataset, context), jobIds, cluster);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Which of the possible files are there is looked up when the job is finished.
    return new Map();
  }
}

function warnUnknown(jobIds: readonly string[], reason: string, context: CommandContext): void {
  const recorded = jobIds.length === 1
    ? `job ${jobIds[0]} is recorded, but its`
    : `${jobIds.length} jobs are recorded, but their`;
  warn(context, `${recorded} log paths are not known yet: ${reason}; finish asks again`);
}

function reasonOf(error: UserError): string {
  return `${error.message}${error.detail === undefined ? "" : ` (${error.detail})`}`;
}

/** Gives what is known of each job of a submission: of a plain one, an array, or a task of an array. */
function detailsOfSubmission(
  logs: readonly LogPattern[],
  records: readonly JobRecord[],
  environmentFile: string | null,
): (job: SubmittedJob) => SubmissionDetails {
  const logsOfTask = Map.groupBy(logs, (log) => log.task);
  const whole = { logs, arrayTasks: arrayTasksOf(records), environmentFile };
  return (job) => {
    const { arrayTaskId } = splitJobId(job.jobId);
    if (arrayTaskId === null) return whole;
    return {
      // Tasks that were pending when scontrol was asked share the array's pattern.
      logs: logsOfTask.get(arrayTaskId) ?? logsOfTask.get(null) ?? [],
      arrayTasks: String(arrayTaskId),
      environmentFile,
    };
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
  // Beside the log in the alternative folder too: it comes back with the outputs.
  const root = job.altDir ?? dataset.root;
  const log = record.get("StdOut");
  const folders = [
    ...(log === undefined ? [] : [dirname(log)]),
    ...(record.has("WorkDir") ? [record.get("WorkDir")!] : []),
    join(root, job.pwd),
  ];
  for (const folder of folders) {
    const path = await pathInside(root, join(folder, environmentFileName(jobId)));
    if (path === undefined) continue;
    const text = renderPythonJsonUnsorted(environmentOf(record), 2);
    await writeFileAtomic(join(root, path), text);
    return path;
  }
  return null;
}
