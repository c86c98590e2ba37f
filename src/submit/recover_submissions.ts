import type { OpenDataset } from "../claims/open_dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { readTextIfPresent } from "../fs/if_present.ts";
import type { Job } from "../jobs/job.ts";
import { findWriter } from "../process/find_writer.ts";
import { livenessOf, parseIdentity } from "../process/process_identity.ts";
import type { Liveness } from "../process/process_identity.ts";
import { toUserError } from "../process/system_error.ts";
import { parseSubmissionAnswer } from "../slurm/submission_answer.ts";
import type { JobStore } from "../store/job_store.ts";
import type { Receipt } from "../store/receipts.ts";
import type { Session } from "../session/session.ts";
import { removeArrayBundle } from "./array_bundles.ts";
import { putBack } from "../claims/make_room.ts";
import { removeTraces, tracesOf } from "./submission_traces.ts";
import type { SubmissionTraces } from "./submission_traces.ts";
import { storeReceiptOf } from "./store_receipt.ts";

/**
 * Looks at submissions whose process has died. A job ID that the submission command had printed makes
 * the job open; a command that had not been started leaves nothing to keep.
 *
 * @returns the submissions that remain unclear.
 */
export async function recoverSubmissions(open: OpenDataset): Promise<Job[]> {
  const { dataset, store, session } = open;
  const unclear: Job[] = [];
  // One process has taken many rows of a table: it is looked for once.
  const livenesses = new Map<string, Liveness>();
  for (const job of store.listSubmitting()) {
    const liveness = livenesses.get(job.submitter) ??
      await livenessOf(parseIdentity(job.submitter), await session.process(), session.runner);
    livenesses.set(job.submitter, liveness);
    if (liveness === "alive") continue;
    const traces = tracesOf(dataset, job.jobKey);
    const printed = await readPrinted(job, traces, session);
    const answer = parseSubmissionAnswer(printed ?? "");
    if (answer.kind === "submitted") {
      const nowMs = (await Deno.stat(traces.stdoutFile)).mtime?.getTime() ?? Date.now();
      const { jobId, cluster } = answer;
      if (!await takeReceipt(open, { key: job.jobKey, jobId, cluster }, nowMs)) {
        unclear.push(job);
        continue;
      }
      await removeTraces(traces);
      session.warn(`an interrupted submission was found to be job ${answer.jobId} (${job.cmd})`);
    } else if (printed === undefined && liveness === "dead") {
      // The file is made before the command starts: without it nothing was submitted.
      await abandonSubmission(dataset, store, job).catch((error) => {
        session.warn(`submission ${job.jobKey} is not settled: ${toUserError(error).message}`);
        unclear.push(job);
      });
    } else {
      unclear.push(job);
    }
  }
  return unclear;
}

/**
 * What a submission command has printed; `undefined` if it was not begun. As long as it is at work nothing: it
 * may have outlived its dlslurm, to name another job yet.
 */
async function readPrinted(
  { jobKey }: Job,
  { stdoutFile }: SubmissionTraces,
  session: Session,
): Promise<string | undefined> {
  try {
    const printed = await readTextIfPresent(stdoutFile);
    if (printed === undefined || parseSubmissionAnswer(printed).kind !== "submitted") {
      return printed;
    }
    const isAtWork = await findWriter(stdoutFile, session.runner) !== undefined;
    return isAtWork ? "" : await readTextIfPresent(stdoutFile);
  } catch (error) {
    // One of another user, in a repository that is not shared: the others go on.
    session.warn(`submission ${jobKey} is unclear: ${toUserError(error).message}`);
    return "";
  }
}

/**
 * Forgets a submission of which no job came: its claims are free, rows of a table wait again. A crash in
 * between leaves the submission, which is abandoned again.
 *
 * @returns how many rows of a table wait again.
 */
export async function abandonSubmission(
  dataset: Dataset,
  store: JobStore,
  job: Job,
): Promise<number> {
  await removeArrayBundle(dataset, job);
  // Rows of a table wait again, and what made room for them is noted still.
  await putBack(dataset, store, [job]);
  return store.abandonSubmission(job.jobKey);
}

/** A receipt that contradicts the books is for a person to look at, and no reason to stop. */
async function takeReceipt(
  open: OpenDataset,
  receipt: Receipt,
  nowMs: number,
): Promise<boolean> {
  try {
    await storeReceiptOf(open, receipt, nowMs);
    return true;
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "SUBMISSION_UNCLEAR") throw error;
    open.session.warn(`submission ${receipt.key} is unclear: ${error.message}`);
    return false;
  }
}
