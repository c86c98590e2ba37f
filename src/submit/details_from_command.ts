import { join, resolve } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { isAbsence } from "../fs/if_present.ts";
import type { SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { parseArrayTasks, splitJobId } from "../jobs/job_id.ts";
import { findShellSyntax, splitShellWords } from "../process/shell_words.ts";
import { expectDetails } from "../slurm/expected_details.ts";
import { parseSbatchWords } from "../slurm/sbatch_words.ts";
import { fillNames } from "../slurm/submission_details.ts";
import { findSubmittedScript } from "./submitted_script.ts";

/** Whose variables sbatch reads beside its command line; sbatch(1), INPUT ENVIRONMENT VARIABLES. */
export interface WithEnvironment {
  /** The variables of this process. */
  readonly env: { get(name: string): string | undefined };
}

/**
 * Finds out from the submission command, and from the batch script that it names, where a job logs and which
 * tasks it has: for a job that Slurm forgot before anybody asked.
 *
 * @returns `null` if that is not certain.
 */
export async function detailsFromCommand(
  dataset: Dataset,
  job: SubmittedJob,
  { env }: WithEnvironment,
): Promise<SubmissionDetails | null> {
  // Placeholders, and what a shell would do, are not looked into.
  if (findShellSyntax(job.cmd) !== undefined || /[{}]/.test(job.cmd)) return null;
  const folder = join(job.altDir ?? dataset.root, job.pwd);
  try {
    const words = parseSbatchWords(splitShellWords(job.cmd), true);
    const found = await findSubmittedScript(job.cmd, folder);
    if (found === undefined) return null;
    const script = "wrap" in found ? null : found.file;
    const text = script === null ? null : await Deno.readTextFile(script);
    const isAsSubmitted = script === null || await isOlder(script, job.submittedAtMs);
    const { submittedId, arrayTaskId } = splitJobId(job.jobId);
    const expected = expectDetails(words, text, arrayTaskId !== null, (name) => env.get(name));
    const { arrayTasks, jobName, stdout, stderr } = expected;
    const logs = [...new Set([stdout, stderr ?? stdout])]
      // One that has the job's number is this job's, whatever the script was when it was submitted.
      .filter((pattern) => isAsSubmitted || /(?<!%)(?:%%)*%[0-9]*[AjJ]/.test(pattern))
      .map((pattern) => ({
        task: null,
        path: resolve(folder, expected.folder, fillNames(pattern, jobName, undefined)),
      }));
    if (logs.length === 0 || (arrayTasks !== null && !isAsSubmitted)) return null;
    if (arrayTasks !== null) parseArrayTasks(arrayTasks);
    const { componentCount: components } = expected;
    return {
      logs,
      environmentFile: null,
      arrayTasks: arrayTaskId === null ? arrayTasks : String(arrayTaskId),
      // It may have asked for tasks, or for more components, when it was submitted.
      ...(isAsSubmitted || arrayTaskId !== null ? {} : { areTasksUnknown: true }),
      ...(components === 1 || !isAsSubmitted
        ? {}
        : { components: [submittedId, ...Array(components - 1).fill(null)] }),
      jobName,
    };
  } catch (error) {
    if (error instanceof SyntaxError || isAbsence(error)) return null;
    if (error instanceof Deno.errors.PermissionDenied) return null;
    throw error;
  }
}

/** Whether a file is as it was at that time. */
async function isOlder(path: string, atMs: number): Promise<boolean> {
  const changedAt = (await Deno.stat(path)).mtime;
  return changedAt !== null && changedAt.getTime() <= atMs;
}
