import { basename, dirname, join, relative } from "node:path";
import { isInside } from "../datalad/claimed_path.ts";
import { lstatIfPresent, realPathIfPresent } from "../fs/if_present.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { parseArrayTasks } from "../jobs/array_tasks.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { splitJobId } from "../jobs/task_job_id.ts";
import { logPathCandidates } from "../slurm/log_paths.ts";

/**
 * Finds Slurm's own files of a job that are there and inside the dataset: its logs, one per array
 * task, and the environment file. Logs elsewhere (`/dev/null`, a home folder) are no outputs.
 *
 * @returns paths relative to the dataset's root, or to the folder that the job ran in instead, without
 * duplicates.
 */
export async function findSlurmOutputs(
  dataset: Dataset,
  job: SubmittedJob,
  status: JobStatus | undefined,
): Promise<string[]> {
  if (job.details === null) return [];
  // A job that ran elsewhere has its logs there, unless its script names a path of the dataset.
  const roots = job.altDir === null ? [dataset.root] : [job.altDir, dataset.root];
  const found = new Set<string>();
  for (const candidates of candidateLists(job, status)) {
    for (const path of candidates) {
      const inside = await pathIfInside(roots, path);
      if (inside === undefined) continue;
      found.add(inside);
      break;
    }
  }
  const environment = job.details.environmentFile;
  if (environment !== null && await pathIfInside(roots, join(roots[0]!, environment))) {
    found.add(environment);
  }
  return [...found];
}

function* candidateLists(job: SubmittedJob, status: JobStatus | undefined): Generator<string[]> {
  const { logs, arrayTasks } = job.details!;
  const { submittedId } = splitJobId(job.jobId);
  if (arrayTasks === null) {
    for (const log of logs) yield logPathCandidates(log.path, submittedId, null, undefined);
    return;
  }
  for (const task of parseArrayTasks(arrayTasks)) {
    const own = logs.filter((log) => log.task === task);
    // Tasks that were pending when scontrol was asked share the array's pattern.
    for (const log of own.length > 0 ? own : logs.filter((each) => each.task === null)) {
      yield logPathCandidates(log.path, submittedId, task, status?.rawJobIds.get(task));
    }
  }
}

async function pathIfInside(roots: readonly string[], path: string): Promise<string | undefined> {
  const info = await lstatIfPresent(path);
  const folder = await realPathIfPresent(dirname(path));
  if (folder === undefined || (info?.isFile !== true && info?.isSymlink !== true)) return undefined;
  return roots.map((root) => relative(root, join(folder, basename(path)))).find(isInside);
}
