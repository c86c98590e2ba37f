import type { Dataset } from "../../datalad/dataset.ts";
import type { JobRequest, SubmittedJob } from "../../jobs/job.ts";
import { ownIdentity } from "../../process/process_identity.ts";
import type { JobStore } from "../../store/job_store.ts";
import { OutputConflictError } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import { warn } from "../context.ts";
import { noteDetails } from "./note_details.ts";
import { hintForHolder, nameOfHolder, outputConflict } from "./output_conflict.ts";
import type { SubmissionPlan } from "./plan_submission.ts";
import { prepareFiles } from "./prepare_files.ts";
import {
  refusedSubmission,
  removeTraces,
  runSubmission,
  tracesOf,
  unclearSubmission,
} from "./run_submission.ts";

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
  try {
    await removeTraces(tracesOf(dataset, key));
    await prepareFiles(dataset, plan, context);
    context.interrupted.throwIfAborted();
  } catch (error) {
    store.abandonSubmission(key);
    throw error;
  }
  const answer = await runSubmission(dataset, { key, ...plan }, context).catch((error) => {
    // The shell itself could not be started: nothing was submitted.
    store.abandonSubmission(key);
    throw error;
  });
  if (!context.isForPrograms) {
    context.io.out(answer.stdout);
    context.io.err(answer.stderr);
  }
  if (answer.kind === "unclear") {
    throw unclearSubmission(key, plan.command, answer, context.isForPrograms);
  }
  if (answer.kind === "refused") {
    store.abandonSubmission(key);
    await removeTraces(tracesOf(dataset, key));
    throw refusedSubmission(plan.command, answer, context.isForPrograms);
  }
  store.storeReceipt(key, answer.jobId, answer.cluster);
  await removeTraces(tracesOf(dataset, key));
  if (answer.code !== 0) {
    warn(
      context,
      `the command ended with exit status ${answer.code}, job ${answer.jobId} was submitted`,
    );
  }
  const job = store.findSubmitted(key)!;
  await noteDetails(dataset, store, [job], context);
  return job;
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
    throw outputConflict(conflict.path, conflict.claim, nameOfHolder(holder), {
      hint: hintForHolder(holder),
      cause: error,
    });
  }
}
