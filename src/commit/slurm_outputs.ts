import { isInside } from "../paths/root_paths.ts";
import { basename, dirname, join, relative, resolve } from "node:path";
import { isFileOrLink, RealFolders } from "../fs/real_folders.ts";
import type { Dataset } from "../datalad/dataset.ts";
import type { LogPattern, SubmittedJob } from "../jobs/job.ts";
import { runsOf } from "../jobs/job_status.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { parseArrayTasks, splitJobId } from "../jobs/job_id.ts";
import { logPathCandidates } from "../slurm/log_paths.ts";

/**
 * Finds Slurm's own files of jobs that are there and inside the dataset: their logs, one per array
 * task, and the environment file. Logs elsewhere (`/dev/null`, a home folder) are no outputs.
 *
 * Folders are resolved once for all jobs: while one finder is in use, they must stay what they are.
 */
export class SlurmOutputFinder {
  readonly #root: string;
  readonly #folders = new RealFolders();

  /** Looks for files of jobs of this dataset. */
  constructor(dataset: Dataset) {
    this.#root = dataset.root;
  }

  /**
   * The files of one job.
   *
   * @param isWanted leaves out paths before anything is asked of the file system about them.
   * @returns paths relative to the dataset's root, or to the folder that the job ran in instead, without
   * duplicates.
   */
  find(
    job: SubmittedJob,
    status: JobStatus | undefined,
    isWanted: (path: string) => boolean = () => true,
  ): string[] {
    return this.look(job, status, isWanted).found;
  }

  /** As {@linkcode SlurmOutputFinder.find}; none in a folder that is closed to us: nothing can be committed there. */
  findReadable(
    job: SubmittedJob,
    status: JobStatus | undefined,
    isWanted: (path: string) => boolean,
  ): string[] {
    try {
      return this.find(job, status, isWanted);
    } catch (error) {
      if (error instanceof Deno.errors.PermissionDenied) return [];
      throw error;
    }
  }

  /**
   * The files of one job, those of its failed attempts too, and logs that should lie in the dataset and do not.
   *
   * @returns as {@linkcode SlurmOutputFinder.find}, both.
   */
  look(
    job: SubmittedJob,
    status: JobStatus | undefined,
    isWanted: (path: string) => boolean = () => true,
  ): { readonly found: string[]; readonly missing: string[] } {
    // Another job has had its ID since, and may have written to the same files.
    if (job.details === null || job.reusedFromS !== null) return { found: [], missing: [] };
    // A job that ran elsewhere has its logs there, unless its script names a path of the dataset.
    const roots = job.altDir === null ? [this.#root] : [job.altDir, this.#root];
    const found = new Set<string>();
    const missing = new Set<string>();
    const findOne = (candidates: readonly string[]) => {
      for (const path of candidates) {
        const inside = this.#pathIfInside(roots, path);
        if (inside === undefined || !isWanted(inside) || !isFileOrLink(path)) continue;
        found.add(inside);
        return;
      }
      const expected = candidates[0] ?? "";
      const inside = roots.map((root) => relative(root, expected)).find(isInside);
      if (expected !== "" && inside !== undefined) missing.add(inside);
    };
    for (const candidates of candidateLists(job, status)) {
      findOne(candidates.map((path) => resolve(this.#root, path)));
    }
    const withoutLogs = [...missing];
    for (const attempt of job.attempts) {
      const { found: earlier } = this.look(
        { ...job, ...attempt, attempts: [] },
        undefined,
        isWanted,
      );
      for (const path of earlier) found.add(path);
    }
    const environment = job.details.environmentFile;
    if (environment !== null) findOne([join(roots[0]!, environment)]);
    return { found: [...found], missing: withoutLogs };
  }

  /** Where the files of a job may be, absolute; those of failed attempts left out. */
  placesOf(job: SubmittedJob, status: JobStatus | undefined): string[] {
    if (job.details === null || job.reusedFromS !== null) return [];
    const { environmentFile } = job.details;
    return [...candidateLists(job, status), environmentFile === null ? [] : [environmentFile]]
      .flat().map((path) => resolve(job.altDir ?? this.#root, path));
  }

  #pathIfInside(roots: readonly string[], path: string): string | undefined {
    const folder = this.#folders.find(dirname(path));
    if (folder === undefined) return undefined;
    return roots.map((root) => relative(root, join(folder, basename(path)))).find(isInside);
  }
}

function* candidateLists(job: SubmittedJob, status: JobStatus | undefined): Generator<string[]> {
  const { logs, arrayTasks } = job.details!;
  const { submittedId: jobId, arrayTaskId } = splitJobId(job.jobId);
  const runs = runsOf(jobId, status?.entries ?? []);
  if (arrayTasks === null) {
    const run = runs.get(null);
    for (const log of logs) yield logPathCandidates(log, { jobId, task: null, run });
    return;
  }
  // Of an array that is one job, the log with the array's ID is its own, whichever task wrote it.
  const unknown = arrayTaskId === null ? { jobIdRaw: jobId, nodeList: "" } : undefined;
  const byTask = Map.groupBy(logs, (log: LogPattern) => log.task);
  for (const task of parseArrayTasks(arrayTasks)) {
    // Tasks that were pending when scontrol was asked share the array's pattern.
    for (const log of byTask.get(task) ?? byTask.get(null) ?? []) {
      yield logPathCandidates(log, { jobId, task, run: runs.get(task) ?? unknown });
    }
  }
}
