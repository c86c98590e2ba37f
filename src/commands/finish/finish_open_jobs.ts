import type { FinishRequest } from "../../commit/finish_completed.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { removeOldTemporaryFiles } from "../../fs/temporary_files.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { jobsOfId } from "../../jobs/earlier_ids.ts";
import { isJobOrTaskOf, splitJobId } from "../../jobs/job_id.ts";
import { summaryOf } from "../../jobs/job_summary.ts";
import { explainMissingLog } from "../../slurm/log_folders.ts";
import { renderSuccession } from "../../session/succession.ts";
import { JobStore } from "../../store/job_store.ts";
import { removeOldTraces } from "../../submit/submission_traces.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import type { CommandContext } from "../context.ts";
import { decideJobs } from "./decide_jobs.ts";
import type { Decision } from "./decide_jobs.ts";
import type { FinishOptions, LeasedOrder } from "./finish_options.ts";
import { askWithAttempts } from "./ask_with_attempts.ts";
import { fillGaps } from "../../submit/fill_gaps.ts";
import { addOutputs, requireOneSelected, resolveFurtherOutputs } from "./further_outputs.ts";
import { giveUpOutOfReach, withoutCopied } from "./give_up.ts";
import type { CopiedJobs } from "./give_up.ts";
import { ofDataset } from "../../session/result_record.ts";

/** The open jobs of a worktree, after what earlier runs left was settled. */
interface OpenJobs {
  /** That can be finished here. */
  readonly open: readonly SubmittedJob[];
  /** That belong to the original of a copied dataset. */
  readonly copied: CopiedJobs;
  /** Keys of jobs that turned out to be finished already. */
  readonly recovered: ReadonlySet<number>;
  /** Whether the store had none at all. */
  readonly wereNone: boolean;
}

/**
 * Settles what earlier runs left, asks Slurm about the open jobs, and commits, closes or leaves each; under
 * the lease of finish.
 *
 * A crash leaves jobs that the next run finds open, or finished by their commits.
 *
 * @returns the alternative folders of the jobs that were open, and `null`, for the dataset itself.
 * @throws {UserError} As {@linkcode finishCompleted}, and `SLURM_UNAVAILABLE`.
 */
export async function finishOpenJobs(
  opened: Dataset,
  store: JobStore,
  order: LeasedOrder,
  context: CommandContext,
): Promise<ReadonlySet<string | null>> {
  await settleSubmissions(opened, store, context);
  const dataset = await completeMoves(opened, store, context)
    ? await context.openDataset(order.options.dataset)
    : opened;
  const run = new OpenJobsFinish(dataset, store, order, context);
  return await run.finish();
}

async function settleSubmissions(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<void> {
  const unclear = await recoverAndSettle({ dataset, store, session: context });
  await removeOldTraces(dataset, store);
  await removeOldTemporaryFiles(dataset);
  if (unclear.length === 0) return;
  const what = unclear.length === 1 ? "1 submission is" : `${unclear.length} submissions are`;
  context.warn(`${what} unclear: see dlslurm recover`);
}

/** Completes what an interrupted finish had begun in several datasets; loaded only then: it is rare. */
async function completeMoves(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<boolean> {
  if (store.commits.listMoves(dataset.worktree).length === 0) return false;
  const { completeMoves } = await import("../../commit/complete_moves.ts");
  return await completeMoves(dataset, store, context);
}

class OpenJobsFinish {
  readonly #dataset: Dataset;
  readonly #store: JobStore;
  readonly #order: LeasedOrder;
  readonly #context: CommandContext;

  constructor(
    dataset: Dataset,
    store: JobStore,
    order: LeasedOrder,
    context: CommandContext,
  ) {
    this.#dataset = dataset;
    this.#store = store;
    this.#order = order;
    this.#context = context;
  }

  async finish(): Promise<ReadonlySet<string | null>> {
    const { options } = this.#order;
    const jobs = await this.#readOpen();
    const altDirs = new Set([null, ...jobs.open.map((job) => job.altDir)]);
    const claims = await resolveFurtherOutputs(this.#dataset, options.output, this.#context.cwd);
    const selected = this.#select(jobs);
    // The older job of two with one ID ends only on the user's word.
    requireOneSelected(options, selected.filter((job) => job.reusedFromS === null));
    if (selected.length === 0) {
      const isToBeSaid = this.#isOfAll && options.saysNothing !== true;
      if (jobs.wereNone && isToBeSaid) reportNothing(this.#dataset, this.#context);
      return altDirs;
    }
    const parted = await this.#part(await fillGaps(this.#open, selected));
    if (parted.length === 0) return altDirs;
    const described = claims.length === 0 ? parted : parted
      .map((job) => ({ ...job, outputs: [...new Set([...job.outputs, ...claims])] }));
    const { decisions, statuses } = await this.#decide(described);
    const toCommit = decisions.filter((decision) => decision.kind === "commit");
    requireOneSelected(options, toCommit.map(({ job }) => job));
    for (const { job } of toCommit) addOutputs(this.#store, job, claims);
    this.#noteEnds(decisions);
    await this.#carryOut(decisions);
    const committing = new Set(toCommit.map((decision) => decision.job.jobKey));
    // Tasks of arrays may have become jobs.
    const keys = new Set(parted.map((job) => job.jobKey));
    const others = [...parted, ...jobs.open.filter((job) => !keys.has(job.jobKey))]
      .filter((job) => !committing.has(job.jobKey))
      .map((job) => ({ job, status: statuses.get(job.jobKey) }));
    if (toCommit.length > 0) await this.#commit(toCommit, others);
    if (others.length > 0) {
      const { unlockSharedLogs } = await import("./unlock_shared_logs.ts");
      await unlockSharedLogs(this.#open, others);
    }
    return altDirs;
  }

  get #open() {
    return { dataset: this.#dataset, store: this.#store, session: this.#context };
  }

  /** Whether the user named no job, and this finish is not one of several. */
  get #isOfAll(): boolean {
    return this.#order.jobIds.length === 0 && this.#order.isWanted === undefined;
  }

  async #readOpen(): Promise<OpenJobs> {
    const [dataset, store, context] = [this.#dataset, this.#store, this.#context];
    // Read once: there may be ten thousand.
    const all = store.listOpen(dataset.worktree);
    const { own, copied } = withoutCopied(store, all, context);
    const recovered = await this.#recoverCommits(own);
    const unfinished = own.filter((job) => !recovered.has(job.jobKey));
    const elsewhere = await this.#endElsewhere(unfinished);
    return {
      open: unfinished.filter((job) => !elsewhere.has(job.jobKey)),
      copied,
      recovered: new Set([...recovered, ...elsewhere]),
      wereNone: all.length === 0 && store.damaged.all.length === 0,
    };
  }

  /** What an interrupted finish had committed is ended; loaded only then: it is rare. */
  async #recoverCommits(jobs: readonly SubmittedJob[]): Promise<ReadonlySet<number>> {
    if (jobs.every((job) => job.commitOid === null)) return new Set();
    const { recoverCommits } = await import("../../commit/recover_commits.ts");
    return await recoverCommits(this.#dataset, this.#store, jobs, this.#context);
  }

  /** Adopted jobs that the extension has finished are ended; loaded only where there are adopted ones. */
  async #endElsewhere(jobs: readonly SubmittedJob[]): Promise<ReadonlySet<number>> {
    if (this.#store.adopted.list().size === 0) return new Set();
    const { endFinishedByExtension } = await import("../../extension/finished.ts");
    return await endFinishedByExtension(this.#dataset, this.#store, jobs, this.#context);
  }

  #select(jobs: OpenJobs): SubmittedJob[] {
    const { jobIds, options, isWanted = () => true } = this.#order;
    if (jobIds.length === 0) return jobs.open.filter(isWanted);
    // Several where Slurm gave the ID anew, or where rows of a table are the tasks of an array.
    const named = new Map(jobIds.map((jobId) => [jobId, this.#withId(jobId, jobs.open)]));
    const others = jobIds.filter((jobId) => named.get(jobId)!.length === 0);
    const unknown = giveUpOutOfReach(this.#dataset, this.#store, others, {
      copied: jobs.copied,
      options,
      context: this.#context,
    });
    for (const [jobId, own] of named) {
      const succession = renderSuccession(jobId, own);
      if (succession !== undefined) this.#context.note(succession);
    }
    for (const jobId of new Set(unknown)) this.#reportUnknown(jobId, jobs);
    return [...new Set([...named.values()].flat())].filter(isWanted);
  }

  /** Whoever gives an attempt up that failed may not know that the job was submitted again. */
  #withId(jobId: string, open: readonly SubmittedJob[]): SubmittedJob[] {
    return givesUp(this.#order.options)
      ? open.filter((job) => isJobOrTaskOf(job.jobId, jobId))
      : jobsOfId(open, jobId);
  }

  #reportUnknown(jobId: string, { open, recovered }: OpenJobs): void {
    const repeated = jobsOfId(open, jobId);
    const succession = renderSuccession(jobId, repeated) ??
      renderSuccession(jobId, this.#store.listing.withAnyId(jobId));
    const known = this.#store.findByJobId(jobId);
    if (known !== undefined && recovered.has(known.jobKey)) return;
    const commit = known?.commitOid ?? null;
    const what = succession !== undefined
      ? `: ${succession}`
      : known === undefined
      ? ""
      : known.stage === "open"
      ? ": it was scheduled in another worktree"
      : known.stage === "handed_over"
      ? ": it was handed over to another clone, which finishes it"
      : `: it was ${known.stage}${commit === null ? "" : ` with commit ${commit}`}`;
    this.#context.report({
      action: "slurm-finish",
      status: "impossible",
      refds: this.#dataset.root,
      slurmJobId: jobId,
      errorCode: "UNKNOWN_JOB",
      message: `Slurm job ${jobId} is not an open job of this dataset${what}`,
      hint: repeated.length > 0 ? hintForRepeated(repeated) : hintForUnknown(jobId, open),
    });
  }

  /** Makes jobs of the tasks of arrays, where that is asked for; loaded only then: finish is to be quick. */
  async #part(jobs: readonly SubmittedJob[]): Promise<readonly SubmittedJob[]> {
    if (this.#order.options.commitCompletedTasks !== true) return jobs;
    const { partArrays } = await import("./part_arrays.ts");
    return await partArrays(this.#dataset, this.#store, jobs, this.#context);
  }

  async #decide(described: readonly SubmittedJob[]) {
    const { options } = this.#order;
    // Accounting that has lost the end of a job calls it active for ever: the user's word is worth a look.
    const hasWord = options.closeUnknownJobs === true || options.commitUnknownJobs === true;
    const { jobs, statuses } = await askWithAttempts(this.#open, described, {
      doubtsActive: hasWord,
      bearsSilence: hasWord,
      areGapsFilled: true,
      meanwhile: loadCommitting,
    });
    const decisions = decideJobs(jobs, statuses, {
      closeFailed: options.closeFailedJobs === true,
      commitFailed: options.commitFailedJobs === true,
      closeUnknown: options.closeUnknownJobs === true,
      commitUnknown: options.commitUnknownJobs === true,
      endedOnly: options.ended === true,
    });
    return { decisions, statuses };
  }

  /** Before anything is committed: a crash after that leaves jobs that are recognised by their commits alone. */
  #noteEnds(decisions: readonly Decision[]): void {
    const ends = decisions.filter(({ kind }) => kind !== "leave")
      .map(({ job, status }) => [job.jobKey, summaryOf(job.jobId, status)] as const);
    if (ends.length > 0) this.#store.notes.addEnds(new Map(ends));
  }

  /** Closes what is to be closed, and reports of all that are not committed. */
  async #carryOut(decisions: readonly Decision[]): Promise<void> {
    const active = decisions.filter(isLeftAlone);
    const isSummedUp = active.length > MOST_ACTIVE && !this.#context.isForPrograms;
    if (isSummedUp) reportActive(this.#dataset, active, this.#context);
    for (const decision of decisions) {
      if (decision.kind === "commit" || (isSummedUp && isLeftAlone(decision))) continue;
      const { job, status } = decision;
      const reason = await explainMissingLog(this.#dataset, job, status);
      const hints = [reason, decision.record.hint].filter((hint) => hint !== undefined);
      const record = {
        ...decision.record,
        ...(hints.length === 0 ? {} : { hint: hints.join("; ") }),
        refds: this.#dataset.root,
      };
      if (decision.kind === "close") await this.#close(decision, record.message);
      this.#context.report(record);
    }
  }

  async #close(decision: Decision, reason: string | undefined): Promise<void> {
    const isDiscarded = this.#order.options.discard === true;
    const { closeJob } = await import("./close_job.ts");
    await closeJob(this.#open, decision, { reason, isDiscarded });
  }

  async #commit(
    ended: FinishRequest["ended"],
    others: FinishRequest["others"],
  ): Promise<void> {
    const { commitEnded } = await loadCommitting();
    await commitEnded(this.#open, { ended, others }, this.#order);
  }
}

/** What commits is most of finish: it is loaded while Slurm is asked. */
function loadCommitting() {
  return import("./commit_ended.ts");
}

/** People are shown at most so many lines about jobs without trouble. */
const MOST_ACTIVE = 20;

function isLeftAlone(decision: Decision): boolean {
  return decision.kind === "leave" && decision.record.status === "notneeded";
}

function reportActive(
  dataset: Dataset,
  decisions: readonly Decision[],
  context: CommandContext,
): void {
  const states = Map.groupBy(decisions, ({ status }) => status.groupState);
  const counts = [...states].map(([state, jobs]) => `${jobs.length} ${state}`).join(", ");
  context.report({
    action: "slurm-finish",
    status: "notneeded",
    refds: dataset.root,
    message: `${decisions.length} jobs have not ended: ${counts}`,
    count: decisions.length,
    slurmState: "active",
  });
}

/** Whether options end jobs whatever Slurm says of them, or those that failed. */
function givesUp(options: FinishOptions): boolean {
  return options.closeFailedJobs === true || options.commitFailedJobs === true ||
    options.closeUnknownJobs === true || options.commitUnknownJobs === true;
}

function hintForRepeated(jobs: readonly SubmittedJob[]): string {
  return `if that is meant, the same with its ID: ${jobs[0]!.jobId}; dlslurm show ${
    jobs[0]!.jobId
  }`;
}

function hintForUnknown(jobId: string, open: readonly SubmittedJob[]): string {
  const { submittedId, arrayTaskId } = splitJobId(jobId);
  return arrayTaskId !== null && open.some((job) => job.jobId === submittedId)
    ? `tasks of an array that was scheduled as one job are finished with it: dlslurm finish ${submittedId}`
    : "dlslurm finish --list-open-jobs";
}

function reportNothing(dataset: Dataset, context: CommandContext): void {
  context.report({
    ...ofDataset(dataset, "slurm-finish", "notneeded"),
    message: "there are no open jobs",
  });
}
