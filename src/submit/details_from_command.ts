import { join, resolve } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { isAbsence } from "../fs/if_present.ts";
import type { SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { parseArrayTasks, splitJobId } from "../jobs/job_id.ts";
import { findShellSyntax, splitShellWords } from "../shell/shell_words.ts";
import { expectDetails } from "../slurm/expected_details.ts";
import type { ExpectedDetails } from "../slurm/expected_details.ts";
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
  // Placeholders are not looked into.
  if (/[{}]/.test(job.cmd)) return null;
  const folder = join(job.altDir ?? dataset.root, job.pwd);
  const { submittedId, arrayTaskId } = splitJobId(job.jobId);
  const told = await expectFromCommand(job.cmd, folder, arrayTaskId !== null, { env });
  if (told === undefined) return null;
  try {
    const { script, expected } = told;
    const isAsSubmitted = script === null || await isOlder(script, job.submittedAtMs);
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
    throw error;
  }
}

/** What a command tells of the jobs that come of it. */
export interface ToldByCommand {
  /** What Slurm is told. */
  readonly expected: ExpectedDetails;
  /** The batch script, absolute; `null` with `--wrap`. */
  readonly script: string | null;
}

/**
 * What sbatch tells Slurm if a command is run now.
 *
 * @param command as a shell is to read it.
 * @param folder where it runs, absolute.
 * @param isTask whether its job is a task of an array of which it does not tell.
 * @returns `undefined` if that cannot be told, as where a shell has to do more than to part words.
 */
export async function expectFromCommand(
  command: string,
  folder: string,
  isTask: boolean,
  { env }: WithEnvironment,
): Promise<ToldByCommand | undefined> {
  if (findShellSyntax(command) !== undefined) return undefined;
  try {
    const words = parseSbatchWords(splitShellWords(command), true);
    const found = await findSubmittedScript(command, folder);
    if (found === undefined) return undefined;
    const script = "wrap" in found ? null : found.file;
    const text = script === null ? null : await Deno.readTextFile(script);
    return { script, expected: expectDetails(words, text, isTask, (name) => env.get(name)) };
  } catch (error) {
    if (error instanceof SyntaxError || isAbsence(error)) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/** Whether a file is as it was at that time. */
async function isOlder(path: string, atMs: number): Promise<boolean> {
  const changedAt = (await Deno.stat(path)).mtime;
  return changedAt !== null && changedAt.getTime() <= atMs;
}
