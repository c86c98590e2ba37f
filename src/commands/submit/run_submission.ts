import { dirname, join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { isAbsence, readTextIfPresent, removeIfPresent } from "../../fs/if_present.ts";
import { ownIdentity } from "../../process/process_identity.ts";
import type { ShellWorker } from "../../process/shell_worker.ts";
import { isUnclearFailure, parseSubmissionAnswer } from "../../slurm/submission_answer.ts";
import type { RowTaker } from "../../store/waiting_rows.ts";
import type { CommandContext } from "../context.ts";

/** What a submission command left on disk; written by the system even if we die meanwhile. */
export interface SubmissionTraces {
  /** Absolute; made before the command starts, so that without it nothing was submitted. */
  readonly stdoutFile: string;
  /** Absolute; absent until the command has started. */
  readonly stderrFile: string;
}

/** Standard output goes to a file, not to a pipe that would break with us; exec: no extra process. */
const REDIRECTING_SHELL = 'exec >"$1" 2>"$2"; exec /bin/sh -c "$3"';

/** A submission command that is to be run. */
export interface SubmissionCommand {
  /** Of the job that the store has in stage `submitting`. */
  readonly key: number;
  /** The shell command line. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly directory: string;
}

/** What is known once a submission command has ended. */
export type SubmissionOutcome =
  & { readonly code: number; readonly stdout: string; readonly stderr: string }
  & (
    | { readonly kind: "submitted"; readonly jobId: string; readonly cluster: string | null }
    /** Certainly, no job was submitted. */
    | { readonly kind: "refused" }
    /** With the job IDs that it printed, if they are several. */
    | { readonly kind: "unclear"; readonly jobIds: readonly string[] }
  );

/**
 * Runs the submission command of a job that is in the store as `submitting`, and reads its answer. Its
 * traces stay: to be removed once the store has the receipt, or knows that there is none. Older ones under
 * the same key are gone already: a store that was deleted and made anew counts from 1 again.
 *
 * What a crash leaves: the traces, from which the next run takes the job ID. If this throws, nothing was
 * submitted and no traces are left.
 *
 * @param worker runs it, beyond the reach of the terminal's Ctrl-C, and leaves it to itself when the user
 * insists; absent: it is started by itself.
 */
export async function runSubmission(
  dataset: Dataset,
  { key, command, directory }: SubmissionCommand,
  context: CommandContext,
  worker?: ShellWorker,
): Promise<SubmissionOutcome> {
  const traces = tracesOf(dataset, key);
  let code: number;
  try {
    await Deno.mkdir(dirname(traces.stdoutFile), { recursive: true });
    // Made before the command starts: a submission without this file was never begun.
    await Deno.writeTextFile(traces.stdoutFile, "");
    code = worker === undefined
      ? await runByItself(command, directory, traces, context)
      : await worker.run({ command, cwd: directory, ...traces }, context.insisted);
  } catch (error) {
    await removeTraces(traces);
    throw error;
  }
  const output = {
    code,
    stdout: await readTextIfPresent(traces.stdoutFile) ?? "",
    stderr: await readTextIfPresent(traces.stderrFile) ?? "",
  };
  const answer = parseSubmissionAnswer(output.stdout);
  if (answer.kind === "submitted") return { ...output, ...answer };
  // Above 128 a shell says that a signal ended what it ran: sbatch may have been stopped half-way.
  const isRefused = code !== 0 && code <= 128 &&
    answer.kind === "no job ID" &&
    !isUnclearFailure(output.stderr);
  if (isRefused) return { ...output, kind: "refused" };
  return { ...output, kind: "unclear", jobIds: answer.kind === "ambiguous" ? answer.jobIds : [] };
}

/**
 * The process that takes waiting rows. What an older store left under their keys goes in the same
 * transaction: before it, another process may be at work on the row and its traces.
 */
export function takerOf(dataset: Dataset, context: CommandContext): RowTaker {
  return {
    submitter: JSON.stringify(ownIdentity()),
    nowMs: context.now().getTime(),
    beforeTaking: (key) => {
      for (const file of Object.values(tracesOf(dataset, key))) removeNow(file);
    },
  };
}

function removeNow(file: string): void {
  try {
    Deno.removeSync(file);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
}

async function runByItself(
  command: string,
  directory: string,
  { stdoutFile, stderrFile }: SubmissionTraces,
  context: CommandContext,
): Promise<number> {
  const shell = ["-c", REDIRECTING_SHELL, "dlslurm", stdoutFile, stderrFile, command];
  // Ended by signal N: 128 + N.
  return (await context.runner.run(["/bin/sh", ...shell], { cwd: directory })).code;
}

/** Where the output of the submission with this key is kept until its receipt is stored. */
export function tracesOf(dataset: Dataset, key: number): SubmissionTraces {
  const folder = join(dataset.commonDir, "dlslurm", "submissions");
  return { stdoutFile: join(folder, `${key}.out`), stderrFile: join(folder, `${key}.err`) };
}

/** Takes the output of a submission away once nothing depends on it. */
export async function removeTraces(traces: SubmissionTraces): Promise<void> {
  await removeIfPresent(traces.stdoutFile);
  await removeIfPresent(traces.stderrFile);
}

/** The error for a submission that was refused; `showsStderr` if nobody has seen that yet. */
export function refusedSubmission(
  command: string,
  { code, stderr }: { readonly code: number; readonly stderr: string },
  showsStderr: boolean,
): UserError {
  const reason = code === 127 ? "the program was not found" : `it ended with exit status ${code}`;
  return new UserError(
    "SUBMISSION_REFUSED",
    `Cannot submit "${command}": ${reason}. No job was submitted, no output is claimed`,
    {
      ...(showsStderr ? { detail: stderr } : {}),
      hint: code === 127
        ? "load Slurm's environment (often: module load slurm), then run the same command again"
        : "mend what the message above says, then run the same command again",
    },
  );
}

/** The error for a submission of which nobody knows; `showsOutput` if nobody has seen that yet. */
export function unclearSubmission(
  key: number,
  command: string,
  { jobIds, stdout, stderr }: Extract<SubmissionOutcome, { kind: "unclear" }>,
  showsOutput: boolean,
): UserError {
  const seen = jobIds.length > 0
    ? `its output names several job IDs (${jobIds.join(", ")})`
    : "its output names no job ID";
  return new UserError(
    "SUBMISSION_UNCLEAR",
    `Cannot tell which job "${command}" has submitted: ${seen}. ` +
      "The outputs stay claimed, so that no second job writes them",
    {
      ...(showsOutput ? { detail: `${stdout}${stderr}` } : {}),
      hint: `look for the job with squeue --me, then: dlslurm recover ${key} --job-id ID, ` +
        `or, if there is none: dlslurm recover ${key} --not-submitted`,
    },
  );
}
