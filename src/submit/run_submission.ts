import { dirname } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { ifPresent, isFolderSync, readTextIfPresent } from "../fs/if_present.ts";
import { toUserError } from "../process/system_error.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { noFolder } from "../process/shell_worker.ts";
import type { ShellWorker } from "../process/shell_worker.ts";
import { errnoOf } from "../process/system_limits.ts";
import type { JobStore } from "../store/job_store.ts";
import { findMissingProgram, isCertainRefusal, isTestOnly } from "../slurm/sbatch_refusals.ts";
import { parseSubmissionAnswer } from "../slurm/submission_answer.ts";
import type { RowTaker } from "../store/waiting_rows.ts";
import type { Session } from "../session/session.ts";
import { startOfCommand } from "./report_submission.ts";
import { removeTraces, tracesOf } from "./submission_traces.ts";
import type { SubmissionTraces } from "./submission_traces.ts";
import { submitterOf } from "./submitter.ts";

/** More than any answer; no job ID. */
const ROOM_FOR_ANSWER = "\n".repeat(4_096);

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
  session: Session,
  worker?: ShellWorker,
): Promise<SubmissionOutcome> {
  const traces = tracesOf(dataset, key);
  let ended: { readonly code: number; readonly stderr: string };
  try {
    const mode = SharedMode.of(dataset.config);
    // The shell would have the umask decide who may read it.
    if (mode.isShared) makeTrace(traces.stderrFile, "", mode);
    // Made before the command starts: a submission without this file was never begun. Where the disk has
    // no room for an answer nothing is submitted; the shell empties the file.
    makeTrace(traces.stdoutFile, ROOM_FOR_ANSWER, mode);
    ended = worker === undefined ? await runByItself(command, directory, traces, session) : {
      code: await worker.run({ command, cwd: directory, ...traces }, session.secondInterrupt),
      stderr: "",
    };
  } catch (error) {
    await removeTraces(traces);
    if (isTooLong(error)) throw tooLong(command);
    throw error instanceof Deno.errors.NotFound && !isFolderSync(directory)
      ? noFolder(directory)
      : error;
  }
  // From here on there may be a job: whatever fails now, nobody may take it for a submission that was not.
  const stdout = await readTrace(traces.stdoutFile);
  const stderr = await readTrace(traces.stderrFile);
  const { code } = ended;
  // What the shell itself said, where it could not begin.
  const output = { code, stdout: stdout.text, stderr: stderr.text || ended.stderr };
  const answer = parseSubmissionAnswer(output.stdout);
  if (answer.kind === "submitted") return { ...output, ...answer };
  // Above 128 a shell says that a signal ended what it ran: sbatch may have been stopped half-way. 255 is
  // sbatch's own, or ssh's.
  const isEnded = (code <= 128 || code === 255) && stdout.problem === undefined;
  const isRefused = isEnded && answer.kind === "no job ID" &&
    ((code === 0 ? isTestOnly : isCertainRefusal)({ command, code, stderr: output.stderr }) ||
      (code === BAD_SYNTAX && await isUnreadable(command, session)));
  if (isRefused) return { ...output, kind: "refused" };
  const problem = stdout.problem === undefined ? "" : `${stdout.problem}\n`;
  return {
    ...output,
    stderr: `${output.stderr}${problem}`,
    kind: "unclear",
    jobIds: answer.kind === "ambiguous" ? answer.jobIds : [],
  };
}

/** The exit status of a shell that cannot make sense of its command line: sh(1p), EXIT STATUS. */
const BAD_SYNTAX = 2;

/** Whether a shell cannot read the command: it reads a line to its end before it runs anything of it. */
async function isUnreadable(command: string, { runner }: Session): Promise<boolean> {
  if (command.includes("\n")) return false;
  return (await runner.run(["/bin/sh", "-n", "-c", command])).code === BAD_SYNTAX;
}

function makeTrace(file: string, text: string, mode: SharedMode): void {
  try {
    mode.replaceFile(file, text);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    mode.makeFolder(dirname(file));
    mode.replaceFile(file, text);
  }
}

/** What a submission printed, or why it cannot be read. */
async function readTrace(
  file: string,
): Promise<{ readonly text: string; readonly problem?: string }> {
  try {
    const text = await readTextIfPresent(file) ?? "";
    // As it is where the shell could not begin.
    return { text: text === ROOM_FOR_ANSWER ? "" : text };
  } catch (error) {
    return { text: "", problem: toUserError(error).message };
  }
}

function isTooLong(error: unknown): boolean {
  return error instanceof UserError && error.code === "LIMIT" && errnoOf(error.cause) === "E2BIG";
}

/** The command itself would fill screens. */
function tooLong(command: string): UserError {
  const kilobytes = Math.ceil(new TextEncoder().encode(command).length / 1024);
  return new UserError(
    "LIMIT",
    `Cannot submit "${startOfCommand(command)}": with its placeholders filled in the command has ` +
      `${kilobytes} kB, more than the system takes`,
    {
      unchanged: "No job was submitted, no output is claimed",
      hint:
        "name a folder or a file with the list instead of {inputs}, and let the job look into it; " +
        "-i records the inputs all the same",
    },
  );
}

/**
 * The process that takes waiting rows. What an older store left under their keys goes in the same
 * transaction: before it, another process may be at work on the row and its traces.
 */
export async function takerOf(dataset: Dataset, session: Session): Promise<RowTaker> {
  return {
    submitter: await submitterOf(session),
    nowMs: session.now().getTime(),
    beforeTaking: (key) => {
      for (const file of Object.values(tracesOf(dataset, key))) {
        ifPresent(() => Deno.removeSync(file));
      }
    },
  };
}

async function runByItself(
  command: string,
  directory: string,
  { stdoutFile, stderrFile }: SubmissionTraces,
  session: Session,
): Promise<{ readonly code: number; readonly stderr: string }> {
  const shell = ["-c", REDIRECTING_SHELL, "dlslurm", stdoutFile, stderrFile, command];
  // Ended by signal N: 128 + N.
  return await session.runner.run(["/bin/sh", ...shell], { cwd: directory });
}

/**
 * Notes that a command has ended whose answer is lost, so that its job can be told from what is submitted
 * later. What becomes of the submission does not depend on it.
 */
export function noteUnanswered(store: JobStore, key: number, session: Session): void {
  // Left to itself at the user's wish it may run on.
  if (session.secondInterrupt.aborted) return;
  try {
    store.unanswered.noteEnd(key, session.now().getTime());
  } catch (error) {
    session.warn(`when the command ended is not noted: ${toUserError(error).message}`);
  }
}

/** Programs that come with Slurm's environment. */
const SLURM_PROGRAM_REGEXP = /(?:^|\/)(?:sbatch|srun|salloc|sacct|squeue|scontrol|sinfo|scancel)$/;

/**
 * The error for a submission that was refused; `showsStderr` if nobody has seen that yet.
 *
 * @param knownHint what to do, where the caller knows why.
 */
export function refusedSubmission(
  command: string,
  { code, stderr }: { readonly code: number; readonly stderr: string },
  showsStderr: boolean,
  knownHint?: string,
): UserError {
  const missing = findMissingProgram({ command, code, stderr });
  const reason = missing !== undefined
    ? `the program "${missing.name}" ${code === 126 ? "must not be executed" : "was not found"}`
    : code === 0
    ? "it only asked when the job would begin"
    : `it ended with exit status ${code}`;
  const isOfSlurm = missing !== undefined && SLURM_PROGRAM_REGEXP.test(missing.name);
  return new UserError(
    "SUBMISSION_REFUSED",
    `Cannot submit "${command}": ${reason}`,
    {
      unchanged: "No job was submitted, no output is claimed",
      ...(showsStderr ? { detail: stderr } : {}),
      hint: knownHint !== undefined
        ? knownHint
        : isOfSlurm
        ? "load Slurm's environment (often: module load slurm), then run the same command again"
        : missing !== undefined
        ? "name a program that is there, relative to the folder that the command runs in"
        : code === 0
        ? "leave --test-only out"
        : "fix what the message above says, then run the same command again",
    },
  );
}

/** The error for a submission of which nobody knows; `showsOutput` if nobody has seen that yet. */
export function unclearSubmission(
  key: number,
  command: string,
  { jobIds, stdout, stderr, code }: Extract<SubmissionOutcome, { kind: "unclear" }>,
  showsOutput: boolean,
): UserError {
  const missing = findMissingProgram({ command, code, stderr });
  const seen = jobIds.length === 1
    ? `its output names a job without the name of a cluster (${jobIds[0]})`
    : jobIds.length > 0
    ? `its output names several job IDs (${jobIds.join(", ")})`
    : missing !== undefined
    ? `it did not find "${missing.name}", and its output names no job ID`
    : "its output names no job ID";
  return new UserError(
    "SUBMISSION_UNCLEAR",
    `Cannot tell which job "${command}" has submitted: ${seen}. ` +
      "The outputs stay claimed, so no second job can write them",
    {
      ...(showsOutput ? { detail: `${stdout}${stderr}` } : {}),
      hint:
        `dlslurm recover --auto asks Slurm which job it is; if that is inconclusive, look with ` +
        `squeue --me, then: dlslurm recover ${key} --job-id ID, ` +
        `or, if there is none: dlslurm recover ${key} --not-submitted`,
    },
  );
}
