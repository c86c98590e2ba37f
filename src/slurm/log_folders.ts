import { isInside } from "../paths/root_paths.ts";
import { basename, dirname, join, relative, resolve } from "node:path";
import { quote } from "shlex";
import type { RealFolders } from "../fs/real_folders.ts";
import type { LogPattern, SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { logPathCandidates } from "./log_paths.ts";

/** What has a root that paths are relative to: a dataset. */
export interface Rooted {
  /** Absolute, links resolved. */
  readonly root: string;
}

/**
 * A log as it is kept: relative to the dataset's root where it lies in the dataset, which may be moved before
 * the job is finished.
 */
export function keptLog({ root }: Rooted, log: LogPattern, folders: RealFolders): LogPattern {
  const { task, path } = log;
  const inside = relative(root, path);
  if (isInside(inside)) return { task, path: inside };
  // Slurm may know the folder by another name.
  const folder = folders.find(dirname(path));
  const real = folder === undefined ? "" : relative(root, join(folder, basename(path)));
  return folder !== undefined && isInside(real) ? { task, path: real } : log;
}

/** The folders of a job's logs, absolute, as far as their names do not depend on the job. */
export function logFoldersOf({ root }: Rooted, logs: readonly LogPattern[]): string[] {
  const folders = logs.map(({ path }) => dirname(resolve(root, path)));
  return [...new Set(folders)].filter((folder) => !/%|4294967294/.test(folder));
}

/** Those of the folders that are not there; what may not be looked at is. */
export async function findMissing(folders: Iterable<string>): Promise<string[]> {
  const missing: string[] = [];
  for (const folder of folders) {
    try {
      await Deno.stat(folder);
    } catch (error) {
      // The runtime lets us not look into /dev, where `-o /dev/null` goes.
      const { NotCapable, NotADirectory, NotFound, PermissionDenied } = Deno.errors;
      if (error instanceof NotFound || error instanceof NotADirectory) missing.push(folder);
      else if (!(error instanceof NotCapable || error instanceof PermissionDenied)) throw error;
    }
  }
  return missing;
}

/** slurmstepd ends a job so whose logs it cannot open, before the script begins. */
const NO_LOG = "0:53";

/** Why a job failed before it began, and what to do; `undefined` if it did not. */
export async function explainMissingLog(
  dataset: Rooted,
  job: SubmittedJob,
  status: JobStatus,
): Promise<string | undefined> {
  const failed = status.entries.filter((entry) => entry.exitCode === NO_LOG);
  if (failed.length === 0) return undefined;
  const logs = job.details?.logs ?? [];
  const missing = await findMissing(logFoldersOf(dataset, logs));
  const locked = findLocked(dataset, logs, failed);
  const reason = missing.length > 0
    ? `there is no folder ${namesOf(dataset, missing)}: ${makingOf(missing)}`
    : locked === undefined
    ? "its folder was not there, or could not be written to"
    : `${namesOf(dataset, [locked])} is a locked annexed file, as the log of an earlier job is: ` +
      `git annex unlock ${quote(relative(dataset.root, locked))}`;
  return `exit code ${NO_LOG} of job ${job.jobId}: Slurm could not open the job's log, so that the ` +
    `script never began: ${reason}`;
}

/** The first log of jobs that is a link into the annex, absolute. */
function findLocked(
  { root }: Rooted,
  logs: readonly LogPattern[],
  entries: JobStatus["entries"],
): string | undefined {
  for (const entry of entries) {
    const { submittedId: jobId, arrayTaskId: task } = splitJobId(entry.jobId);
    const own = logs.filter((log) => log.task === null || log.task === task);
    for (const path of own.flatMap((log) => logPathCandidates(log, { jobId, task, run: entry }))) {
      const file = resolve(root, path);
      if (isInside(relative(root, file)) && /(^|\/)annex\/objects\//.test(targetOf(file))) {
        return file;
      }
    }
  }
  return undefined;
}

/** The target of a link; empty if there is none that can be read. */
function targetOf(file: string): string {
  try {
    return Deno.readLinkSync(file);
  } catch {
    return "";
  }
}

/** Files and folders for a person: relative to the dataset's root where they lie in it. */
export function namesOf({ root }: Rooted, folders: readonly string[]): string {
  return folders.map((folder) => {
    const inside = relative(root, folder);
    return `"${isInside(inside) && inside !== "" ? inside : folder}"`;
  }).join(" ");
}

/** The command that makes folders, to be run wherever one is. */
export function makingOf(folders: readonly string[]): string {
  return `mkdir -p ${folders.map((folder) => quote(folder)).join(" ")}`;
}
