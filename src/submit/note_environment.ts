import { dirname, join } from "node:path";
import { pathInside } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { renderPythonJsonUnsorted } from "../datalad/python_json.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { temporaryFolderOf } from "../fs/temporary_files.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { Session } from "../session/session.ts";
import type { JobRecord } from "../slurm/job_record.ts";
import { namesNodes } from "../slurm/names_nodes.ts";
import { environmentFileName, environmentOf } from "../slurm/submission_details.ts";

/** The environment file of a submission. */
export interface NotedEnvironment {
  /** Where it is, or will be; `null` if it could not be written. */
  readonly file: string | null;
  /** Replaces the one that is there: of an older job with the same ID. */
  readonly replace?: () => Promise<void>;
}

/** Writes the environment file of a submission; that it cannot be written is no failure, and said. */
export async function noteEnvironment(
  dataset: Dataset,
  job: Pick<SubmittedJob, "jobId" | "altDir" | "pwd">,
  record: JobRecord,
  session: Session,
): Promise<NotedEnvironment> {
  const { submittedId: jobId } = splitJobId(job.jobId);
  const warn = (error: unknown) => {
    if (!(error instanceof Error)) throw error;
    // The job is submitted, and its record does not depend on this file.
    session.warn(`the environment file of job ${jobId} could not be written: ${error.message}`);
  };
  try {
    const path = await environmentPathOf(dataset, jobId, job, record);
    if (path === null) return { file: null };
    // Beside the log in the alternative folder too: it comes back with the outputs.
    const file = join(job.altDir ?? dataset.root, path);
    const text = renderPythonJsonUnsorted(environmentOf(record, namesNodes(dataset)));
    // Whoever finishes the job has to read it.
    const mode = job.altDir === null ? SharedMode.of(dataset.config) : SharedMode.UMASK;
    if (await makeEnvironmentFile(file, text, mode)) return { file: path };
    const folder = job.altDir === null ? temporaryFolderOf(dataset) : undefined;
    const replace = () => writeFileAtomic(file, text, { mode, folder }).catch(warn);
    return { file: path, replace };
  } catch (error) {
    warn(error);
    return { file: null };
  }
}

/**
 * Writes an environment file that is not there yet, at once: it is not waited for until it is on the disk.
 * What a crash cuts short, finish writes anew.
 *
 * @returns whether there was none.
 */
async function makeEnvironmentFile(file: string, text: string, mode: SharedMode): Promise<boolean> {
  try {
    await Deno.writeTextFile(file, text, { createNew: true });
    mode.adjust(file);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    // Made, and the disk had no room for the rest.
    if (!(error instanceof Deno.errors.NotFound)) await Deno.remove(file).catch(() => undefined);
    throw error;
  }
}

/** Beside StdOut if that is in the dataset, else in the job's working directory; relative to the root. */
async function environmentPathOf(
  dataset: Dataset,
  jobId: string,
  job: Pick<SubmittedJob, "jobId" | "altDir" | "pwd">,
  record: JobRecord,
): Promise<string | null> {
  const root = job.altDir ?? dataset.root;
  const log = record.get("StdOut");
  const folders = [
    ...(log === undefined ? [] : [dirname(log)]),
    ...(record.has("WorkDir") ? [record.get("WorkDir")!] : []),
    join(root, job.pwd),
  ];
  for (const folder of folders) {
    const path = await pathInside(root, join(folder, environmentFileName(jobId)));
    if (path !== undefined) return path;
  }
  return null;
}
