import { isAnnexLink } from "../../annex/annexed_files.ts";
import { dirname, join, resolve } from "node:path";
import { isWithin } from "../../datalad/claimed_path.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { renderMessage, renderRecordLine } from "../../datalad/run_record.ts";
import type { MessageParts, RunRecord } from "../../datalad/run_record.ts";
import { wantsSidecar, writeSidecar } from "../../datalad/sidecar.ts";
import { UserError } from "../../errors.ts";
import { lstatIfPresent, realPathIfPresent } from "../../fs/if_present.ts";
import { GITLINK_MODE } from "../../git/submodules.ts";
import { Attribution } from "../../jobs/attribution.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { endOf } from "../../jobs/job_status.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import type { JobStore } from "../../store/job_store.ts";
import { copyOutputsBack } from "../alt_dir.ts";
import { commitJobs } from "./commit_jobs.ts";
import type { CommitOutcome, SavedPart } from "./commit_jobs.ts";
import type { JobToCommit } from "./build_parts.ts";
import type { CommitShape } from "./commit_shape.ts";
import type { CommandContext } from "../context.ts";
import { warn } from "../context.ts";
import { SlurmOutputFinder } from "./slurm_outputs.ts";

/** A job that is over, with what Slurm said of it. */
export interface EndedJob {
  /** Still open in the store. */
  readonly job: SubmittedJob;
  /** Completed, or failed where the user wants failed jobs committed. */
  readonly status: JobStatus;
}

/** A job that is left open. */
export interface OpenJob {
  /** Open in the store. */
  readonly job: SubmittedJob;
  /** `undefined` if Slurm was not asked. */
  readonly status: JobStatus | undefined;
}

/** What of the options matters here. */
export interface FinishCompletedOptions {
  /** Paragraph of each commit message, before the job's own. */
  readonly message: string | undefined;
  /** Whether a claim with nothing behind it keeps the job from being committed. */
  readonly requireOutputs: boolean | undefined;
  /** How the commits stand to each other. */
  readonly shape: CommitShape;
}

/**
 * Commits jobs that have ended and ends them in the store.
 *
 * @param others open jobs that are left open; their files inside these claims are left to them.
 * @throws {UserError} As {@linkcode commitJobs}.
 */
export async function finishCompleted(
  dataset: Dataset,
  store: JobStore,
  ended: readonly EndedJob[],
  others: readonly OpenJob[],
  options: FinishCompletedOptions,
  context: CommandContext,
): Promise<void> {
  const toCommit: (EndedJob & { readonly plan: JobToCommit })[] = [];
  const finder = new SlurmOutputFinder(dataset);
  using reading = context.progress("reading outputs", ended.length);
  for (const { job, status } of ended) {
    reading.say(`job ${job.jobId}`);
    try {
      const slurmOutputs = finder.find(job, status);
      await copyOutputsBack(dataset, job, slurmOutputs);
      await requireGoodClaims(dataset, job, options.requireOutputs === true, context);
      const record = recordOf(job, slurmOutputs);
      const parts = partsOf(job, status, options.message);
      const sidecar = wantsSidecar(dataset)
        ? await writeSidecar(context.runner, dataset, renderRecordLine(record))
        : undefined;
      const plan = {
        key: job.key,
        jobId: job.jobId,
        claims: job.outputs,
        endedAtMs: endOf(status),
        // The sidecar is committed with the job, as its logs are.
        slurmOutputs: sidecar === undefined ? slurmOutputs : [...slurmOutputs, sidecar.path],
        // The sidecar is in the topmost dataset only: elsewhere the message has the whole record.
        messageIn: (path: string) =>
          path === "."
            ? renderMessage(record, parts, sidecar?.id)
            : renderMessage({ ...record, subdataset: path }, parts),
      };
      toCommit.push({ job, status, plan });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reportFailure(dataset, job, error, context);
    }
    reading.advance();
  }
  reading[Symbol.dispose]();
  if (toCommit.length === 0) return;
  const committing = new Set(toCommit.map(({ job }) => job.key));
  const skipped = ended.filter(({ job }) => !committing.has(job.key));
  // Of the other jobs' files only those matter that lie in these claims.
  const claims = new Attribution(toCommit.map(({ plan }) => ({ ...plan, slurmOutputs: [] })));
  const isClaimed = (path: string) => claims.ownerOf(path) !== undefined;
  const leftAlone = [...others, ...skipped].map(({ job, status }) => ({
    key: job.key,
    claims: job.outputs,
    slurmOutputs: finder.find(job, status, isClaimed),
  }));
  const outcomes = await commitJobs(
    dataset,
    store,
    toCommit.map(({ plan }) => plan),
    leftAlone,
    options.shape,
    context,
  );
  const finished = toCommit.filter(({ job }) => outcomes.get(job.key)!.kind !== "failed");
  store.end(finished.map(({ job }) => job.key), "finished", context.now().getTime());
  // What was done is told before what failed: with --on-failure stop that ends the command.
  const isFailed = ({ job }: EndedJob) => outcomes.get(job.key)!.kind === "failed";
  for (const each of [...finished, ...toCommit.filter(isFailed)]) {
    reportOutcome(dataset, each.job, outcomes.get(each.job.key)!, context);
  }
}

function recordOf(job: SubmittedJob, slurmOutputs: readonly string[]): RunRecord {
  return {
    chain: job.chain,
    cmd: job.cmd,
    dsid: job.dsid,
    extraInputs: job.extraInputs,
    inputs: job.inputs,
    outputs: [...new Set([...job.outputs, ...slurmOutputs])],
    pwd: job.pwd,
    slurmJobId: job.jobId,
    slurmOutputs,
    altDir: job.altDir,
    cluster: job.cluster,
    row: job.row,
    subdataset: null,
  };
}

function partsOf(
  job: SubmittedJob,
  status: JobStatus,
  finishMessage: string | undefined,
): MessageParts {
  const paragraphs = [
    finishMessage,
    job.message,
    job.rescheduledJobId === null ? undefined : `Re-submission of job ${job.rescheduledJobId}.`,
  ];
  const given = paragraphs.filter((text) => typeof text === "string" && text.trim() !== "");
  return { groupState: status.groupState, paragraphs: given as string[] };
}

/**
 * Looks at what is behind the claims of a job: is there something, and is it in the dataset?
 *
 * @throws {UserError} `BAD_OUTPUT`
 */
async function requireGoodClaims(
  dataset: Dataset,
  job: SubmittedJob,
  requireOutputs: boolean,
  context: CommandContext,
): Promise<void> {
  for (const claim of job.outputs) {
    const path = join(dataset.root, claim);
    if (claim === ".") continue; // the dataset itself
    const folder = await realPathIfPresent(dirname(path));
    if (folder !== undefined && !isWithin(dataset.root, folder)) {
      throw outsideOutput(job, claim, folder);
    }
    const info = await lstatIfPresent(path);
    if (info === undefined) {
      if (requireOutputs) throw missingOutput(job, claim);
      warn(context, `job ${job.jobId} left nothing at its output "${claim}"`);
      continue;
    }
    if (!info.isSymlink) continue;
    const target = await Deno.readLink(path);
    const place = resolve(dirname(path), target);
    if (!isWithin(dataset.root, place) && !isAnnexLink(target)) {
      throw outsideOutput(job, claim, target);
    }
  }
}

function missingOutput(job: SubmittedJob, claim: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${job.jobId}: there is nothing at its output "${claim}". The job stays open`,
    { hint: `dlslurm finish ${job.jobId} commits it without that output` },
  );
}

function outsideOutput(job: SubmittedJob, claim: string, target: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit job ${job.jobId}: its output "${claim}" is behind a symbolic link out of the dataset, to ` +
      `"${target}", and only the link would be saved. The job stays open`,
    { hint: `put the files themselves in place of the link, then: dlslurm finish ${job.jobId}` },
  );
}

function reportOutcome(
  dataset: Dataset,
  job: SubmittedJob,
  outcome: CommitOutcome,
  context: CommandContext,
): void {
  if (outcome.kind === "failed") {
    reportFailure(dataset, job, outcome.error, context);
    return;
  }
  if (outcome.kind === "unchanged") {
    context.report({
      action: "slurm-finish",
      status: "notneeded",
      refds: dataset.root,
      slurmJobId: job.jobId,
      message: `Slurm job ${job.jobId} changed nothing that is saved: finished without a commit`,
    });
    return;
  }
  for (const saved of outcome.saved) reportSaved(dataset, job, saved, context);
}

function reportSaved(
  dataset: Dataset,
  job: SubmittedJob,
  { path, oid, changes }: SavedPart,
  context: CommandContext,
): void {
  const root = join(dataset.root, path);
  const common = { status: "ok", refds: dataset.root, slurmJobId: job.jobId } as const;
  for (const change of changes) {
    context.report({
      ...common,
      action: change.kind === "delete" ? "delete" : "add",
      path: join(root, change.path),
      type: change.mode === GITLINK_MODE ? "dataset" : "file",
    });
  }
  context.report({ ...common, action: "save", path: root, type: "dataset", commit: oid });
}

function reportFailure(
  dataset: Dataset,
  job: SubmittedJob,
  error: UserError,
  context: CommandContext,
): void {
  context.report({
    action: "slurm-finish",
    status: "impossible",
    refds: dataset.root,
    slurmJobId: job.jobId,
    errorCode: error.code,
    message: error.detail === undefined ? error.message : `${error.message}: ${error.detail}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
