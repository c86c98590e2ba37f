import { join } from "node:path";
import { UserError } from "../errors.ts";
import { readTextIfPresent, removeIfPresent } from "../fs/if_present.ts";
import type { Dataset } from "../datalad/dataset.ts";
import type { JobRequest, SubmittedJob } from "../jobs/job.ts";
import { ownIdentity } from "../process/process_identity.ts";
import { isUnclearFailure, parseSubmissionAnswer } from "../slurm/submission_answer.ts";
import type { JobStore } from "../store/job_store.ts";
import { OutputConflictError } from "../store/job_store.ts";
import type { CommandContext } from "./context.ts";
import { warn } from "./context.ts";
import { noteDetails } from "./note_details.ts";
import { outputConflict } from "./output_conflict.ts";
import type { SubmissionPlan } from "./plan_submission.ts";
import { prepareFiles } from "./prepare_files.ts";

/** What a submission command left on disk; written by the system even if we die meanwhile. */
export interface SubmissionTraces {
  /** Absolute; made before the command starts, so that without it nothing was submitted. */
  readonly stdoutFile: string;
  /** Absolute; absent until the command has started. */
  readonly stderrFile: string;
}

/** Standard output goes to a file, not to a pipe that would break with us; exec: no extra process. */
const REDIRECTING_SHELL = 'exec >"$1" 2>"$2"; exec /bin/sh -c "$3"';

/**
 * Submits one job: claims first, then the command, then the receipt.
 *
 * What a crash leaves: before the command, a row in stage `submitting` that the next run forgets;
 * during it, a row that keeps its claims, and the command's output on disk, from which the next run
 * takes the job ID; after the receipt, an open job whose log paths finish asks for.
 *
 * @throws {UserError} `OUTPUT_CONFLICT`, `SUBMISSION_REFUSED` (no job was submitted, claims are
 * released), `SUBMISSION_UNCLEAR` (claims are kept).
 */
export async function submitJob(
  dataset: Dataset,
  store: JobStore,
  plan: SubmissionPlan,
  context: CommandContext,
  checksOutputs = true,
): Promise<SubmittedJob> {
  const key = claimOutputs(store, plan.request, context, checksOutputs);
  const traces = tracesOf(dataset, key);
  // A store that was deleted and made anew counts from 1 again.
  await removeTraces(traces);
  let result: { readonly code: number; readonly signal: string | null };
  try {
    await prepareFiles(dataset, plan, context);
    await Deno.mkdir(join(dataset.commonDir, "dlslurm", "submissions"), { recursive: true });
    context.interrupted.throwIfAborted();
    // Made before the command starts: a submission without this file was never begun.
    await Deno.writeTextFile(traces.stdoutFile, "");
    result = await context.runner.run(
      [
        "/bin/sh",
        "-c",
        REDIRECTING_SHELL,
        "dlslurm",
        traces.stdoutFile,
        traces.stderrFile,
        plan.command,
      ],
      { cwd: plan.directory },
    );
  } catch (error) {
    // Nothing was started, or the shell itself could not be: nothing was submitted.
    store.abandonSubmission(key);
    await removeTraces(traces);
    throw error;
  }
  const stdout = await readTextIfPresent(traces.stdoutFile) ?? "";
  const stderr = await readTextIfPresent(traces.stderrFile) ?? "";
  if (!context.isJson) {
    context.io.out(stdout);
    context.io.err(stderr);
  }
  const answer = parseSubmissionAnswer(stdout);
  if (answer.kind === "submitted") {
    store.storeReceipt(key, answer.jobId, answer.cluster);
    await removeTraces(traces);
    if (result.code !== 0) {
      warn(
        context,
        `the command ended with exit status ${result.code}, job ${answer.jobId} was submitted`,
      );
    }
    const job = store.findSubmitted(key)!;
    await noteDetails(dataset, store, [job], context);
    return job;
  }
  // Above 128 a shell says that a signal ended what it ran: sbatch may have been stopped half-way.
  const isRefused = result.code !== 0 && result.code <= 128 && result.signal === null &&
    answer.kind === "no job ID" &&
    !isUnclearFailure(stderr);
  if (isRefused) {
    store.abandonSubmission(key);
    await removeTraces(traces);
    throw refused(plan.command, result.code, stderr, context.isJson);
  }
  throw unclear(key, plan.command, answer, stdout, stderr, context.isJson);
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

function claimOutputs(
  store: JobStore,
  request: JobRequest,
  context: CommandContext,
  checksOutputs: boolean,
): number {
  try {
    return store.beginSubmission(
      request,
      JSON.stringify(ownIdentity()),
      context.now().getTime(),
      checksOutputs,
    );
  } catch (error) {
    if (!(error instanceof OutputConflictError)) throw error;
    const { conflict, holder } = error;
    throw outputConflict(
      conflict.path,
      conflict.claim,
      holder.jobId === null
        ? `a job that is being submitted (${holder.cmd})`
        : `job ${holder.jobId} (${holder.cmd})`,
      {
        hint: holder.jobId === null ? "dlslurm recover" : `dlslurm finish ${holder.jobId}`,
        cause: error,
      },
    );
  }
}

function refused(command: string, code: number, stderr: string, showsStderr: boolean): UserError {
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

function unclear(
  key: number,
  command: string,
  answer: ReturnType<typeof parseSubmissionAnswer>,
  stdout: string,
  stderr: string,
  showsOutput: boolean,
): UserError {
  const seen = answer.kind === "ambiguous"
    ? `its output names several job IDs (${answer.jobIds.join(", ")})`
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
