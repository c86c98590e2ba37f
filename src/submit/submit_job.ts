/**
 * From a command to a job that Slurm has taken.
 *
 * A *plan* is a command with everything filled in, and what is prepared for it: inputs that are fetched,
 * outputs that are unlocked. A *submission* runs it once; what it prints goes to *traces* on disk, so that
 * a job ID survives a crash. A *receipt* is the job ID that was printed. A submission is *unclear* as long
 * as nobody knows whether a job came of it.
 *
 * @module
 */

import type { OpenDataset } from "../claims/open_dataset.ts";
import type { FilesBefore } from "../jobs/files_before.ts";
import type { GatheredEvidence } from "../jobs/noted_evidence.ts";
import type { JobRequest, SubmittedJob } from "../jobs/job.ts";
import { UserError } from "../errors.ts";
import { toUserError } from "../process/system_error.ts";
import type { JobStore } from "../store/job_store.ts";
import type { Receipt } from "../store/receipts.ts";
import { OutputConflictError } from "../store/output_conflict.ts";
import type { Session } from "../session/session.ts";
import { EvidenceGatherer } from "./gather_evidence.ts";
import { hintForUnopenedScript } from "./batch_script.ts";
import { lookAtOutputs } from "../claims/look_at_outputs.ts";
import type { OutputLook } from "../claims/look_at_outputs.ts";
import { putBack } from "../claims/make_room.ts";
import type * as LogPaths from "./fetch_log_paths.ts";
import { hintForHolder, nameOfHolder, outputConflict } from "../claims/output_conflict.ts";
import type { SubmissionPlan } from "./plan_submission.ts";
import { lockedLogFinder, prepareFiles } from "./prepare_files.ts";
import { storeReceiptOf } from "./store_receipt.ts";
import { submitterOf } from "./submitter.ts";
import {
  noteUnanswered,
  refusedSubmission,
  runSubmission,
  unclearSubmission,
} from "./run_submission.ts";
import { removeOlderTraces, removeTraces, tracesOf } from "./submission_traces.ts";
import { warnOfIgnored } from "./warn_of_ignored.ts";

/**
 * Submits one job: claims first, then the command, then the receipt.
 *
 * What a crash leaves: before the command, a row in stage `submitting` that the next run forgets, putting
 * back what had made room for its files;
 * during it, a row that keeps its claims, and the command's output on disk, from which the next run
 * takes the job ID; after the receipt, an open job, whose log paths finish asks for if they are not noted.
 *
 * @throws {UserError} `OUTPUT_CONFLICT`, `SUBMISSION_REFUSED` (no job was submitted, claims are
 * released), `SUBMISSION_UNCLEAR` (claims are kept).
 */
export async function submitJob(
  open: OpenDataset,
  plan: SubmissionPlan,
  checksOutputs = true,
): Promise<SubmittedJob> {
  const { dataset, store, session } = open;
  const findLogs = await lockedLogFinder(dataset, session);
  const logs = await findLogs({ ...plan, altDir: plan.request.altDir, array: null });
  const look = await lookAtOutputs(dataset, { ...plan, logs });
  await warnOfIgnored(dataset, plan.request.outputs, session);
  const submitter = await submitterOf(session);
  using gatherer = new EvidenceGatherer(dataset, session, store.evidence);
  const evidence = await gatherer.gather(plan);
  const claim = { submitter, checksOutputs, before: look.before, evidence };
  const key = claimOutputs(store, plan, claim, session);
  const abandon = async () => {
    await putBack(dataset, store, [{ jobKey: key, worktree: dataset.worktree }]);
    store.abandonSubmission(key);
  };
  try {
    await prepare(open, key, plan, look);
    const later = await gatherer.lookAgain(plan, evidence);
    if (later !== undefined) store.evidence.note(new Map([[key, later]]));
    session.interrupted.throwIfAborted();
  } catch (error) {
    await abandon();
    throw error;
  }
  const submission = runSubmission(dataset, { key, ...plan }, session);
  // What is needed once the command has ended is loaded while it runs.
  const logPaths = import("./fetch_log_paths.ts");
  const answer = await submission.catch(async (error) => {
    // The shell itself could not be started: nothing was submitted.
    await abandon();
    throw error;
  });
  if (!session.isForPrograms) session.relay(answer);
  if (answer.kind === "unclear") {
    noteUnanswered(store, key, session);
    throw unclearSubmission(key, plan.command, answer, session.isForPrograms);
  }
  if (answer.kind === "refused") {
    await abandon();
    await removeTraces(tracesOf(dataset, key));
    const hint = await hintForUnopenedScript(dataset.root, plan, answer.stderr);
    throw refusedSubmission(plan.command, answer, session.isForPrograms, hint);
  }
  const job = await acceptJob(open, { key, ...answer }, plan.request, await logPaths);
  if (answer.code !== 0) {
    session.warn(
      `the command ended with exit status ${answer.code}, job ${answer.jobId} was submitted`,
    );
  }
  return job;
}

/** Prepares the files of a job that has its claims; notes what lies where it will write if it runs elsewhere. */
async function prepare(
  { dataset, store, session }: OpenDataset,
  key: number,
  plan: SubmissionPlan,
  look: OutputLook,
): Promise<void> {
  await removeOlderTraces(tracesOf(dataset, key));
  await prepareFiles(dataset, { ...plan, commands: [plan] }, look, session);
  const { altDir: folder, outputs } = plan.request;
  if (folder === null) return;
  // Loaded only then: most jobs run in the dataset.
  const { lookBesideAltDir } = await import("../claims/look_beside_alt_dir.ts");
  const altDir = await lookBesideAltDir(dataset, folder, outputs);
  store.files.note(new Map([[key, { ...look.before, altDir }]]), "submitting");
}

/**
 * How long the receipt waits for what scontrol tells, in milliseconds: each transaction waits three times
 * for the disk, and the job ID is on it, where the next run finds it.
 */
const PATIENCE_MS = 250;

/** Stores a receipt with what scontrol tells of the job; where that takes long, the receipt comes first. */
async function acceptJob(
  open: OpenDataset,
  { key, jobId, cluster }: Receipt,
  { altDir, pwd }: JobRequest,
  { askLogPaths, noteLogPaths }: typeof LogPaths,
): Promise<SubmittedJob> {
  const { dataset, store, session } = open;
  const nowMs = session.now().getTime();
  const asking = askLogPaths(dataset, [{ jobKey: key, jobId, cluster, altDir, pwd }], session);
  // What it fails with is told once the job is noted.
  const early = await Promise.race([asking.catch(() => undefined), passed(PATIENCE_MS)]);
  const details = early?.details.get(key);
  const receipt = { key, jobId, cluster, ...(details === undefined ? {} : { details }) };
  const job = await storeReceiptOf(open, receipt, nowMs).catch((error) => {
    asking.catch(() => undefined);
    throw notNoted(jobId, error);
  });
  await removeTraces(tracesOf(dataset, key));
  const told = await asking;
  if (details === undefined && told.details.size > 0) noteLogPaths(store, told.details, session);
  await told.complete();
  return { ...job, details: told.details.get(key) ?? null };
}

/** Not setTimeout, whose first use takes the runtime 9 ms. */
function passed(ms: number): Promise<undefined> {
  return new Promise((resolve) => {
    AbortSignal.timeout(ms).addEventListener("abort", () => resolve(undefined));
  });
}

/** If the store cannot note a job, the traces of its submission still name it. */
function notNoted(jobId: string, cause: unknown): UserError {
  const error = toUserError(cause);
  if (error.code === "SUBMISSION_UNCLEAR") return error;
  const { code, message, hint } = error;
  return new UserError(
    code,
    `Cannot note job ${jobId}, which was submitted: ${message}. Its outputs stay claimed, and the next ` +
      "dlslurm that can write notes it",
    { hint: hint === undefined ? "dlslurm recover" : `${hint}: dlslurm recover`, cause },
  );
}

/** How outputs are claimed; as {@linkcode JobStore.beginSubmission} takes it. */
interface ClaimOptions {
  readonly submitter: string;
  readonly checksOutputs: boolean;
  readonly before: FilesBefore;
  readonly evidence: GatheredEvidence;
}

function claimOutputs(
  store: JobStore,
  { request, command, directory }: SubmissionPlan,
  { submitter, checksOutputs, before, evidence }: ClaimOptions,
  session: Session,
): number {
  try {
    return store.beginSubmission(request, submitter, session.now().getTime(), {
      ...{ checksOutputs, before, evidence },
      submittedAs: { command, directory },
    });
  } catch (error) {
    throw explainConflict(error);
  }
}

function explainConflict(error: unknown): unknown {
  if (!(error instanceof OutputConflictError)) return error;
  const { conflict, holder } = error;
  return outputConflict(conflict.path, conflict.claim, nameOfHolder(holder), {
    hint: hintForHolder(holder),
    cause: error,
  });
}

/**
 * Requires, for a dry run, that the outputs of a plan could be claimed now.
 *
 * @throws {UserError} `OUTPUT_CONFLICT` as {@linkcode submitJob}.
 */
export function requireFreeOutputs(
  { dataset, store }: Pick<OpenDataset, "dataset" | "store">,
  { request }: SubmissionPlan,
): void {
  try {
    store.requireFree(dataset.worktree, request.outputs);
  } catch (error) {
    throw explainConflict(error);
  }
}
