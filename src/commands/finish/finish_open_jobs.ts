import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { FinishRequest } from "../../commit/finish_completed.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { removeOldTemporaryFiles } from "../../fs/temporary_files.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { summaryOf } from "../../jobs/job_summary.ts";
import { explainMissingLog } from "../../slurm/log_folders.ts";
import { JobStore } from "../../store/job_store.ts";
import { removeOldTraces } from "../../submit/submission_traces.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import type { CommandContext } from "../context.ts";
import { decideJobs } from "./decide_jobs.ts";
import type { Decision } from "./decide_jobs.ts";
import type { LeasedOrder } from "./finish_options.ts";
import { askWithAttempts } from "./ask_with_attempts.ts";
import { fillGaps } from "../../submit/fill_gaps.ts";
import { addOutputs, requireOneSelected, resolveFurtherOutputs } from "./further_outputs.ts";
import { withoutCopied } from "./give_up.ts";
import { selectNamed } from "./select_named.ts";
import type { OpenJobs } from "./select_named.ts";
import { ofDataset } from "../../session/result_record.ts";

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
  return await new OpenJobsFinish({ dataset, store, session: context }, order).finish();
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
  readonly #open: OpenDataset & { readonly session: CommandContext };
  readonly #order: LeasedOrder;

  constructor(open: OpenDataset & { readonly session: CommandContext }, order: LeasedOrder) {
    this.#open = open;
    this.#order = order;
  }

  async finish(): Promise<ReadonlySet<string | null>> {
    const { options } = this.#order;
    const { dataset, store, session: context } = this.#open;
    const jobs = await this.#readOpen();
    const altDirs = new Set([null, ...jobs.open.map((job) => job.altDir)]);
    const claims = await resolveFurtherOutputs(dataset, options.output, context.cwd);
    const selected = selectNamed(this.#open, jobs, this.#order, context);
    // The older job of two with one ID ends only on the user's word.
    requireOneSelected(options, selected.filter((job) => job.reusedFromS === null));
    if (selected.length === 0) {
      const isToBeSaid = this.#isOfAll && options.saysNothing !== true;
      if (jobs.wereNone && isToBeSaid) reportNothing(dataset, context);
      return altDirs;
    }
    const parted = await this.#part(await fillGaps(this.#open, selected));
    if (parted.length === 0) return altDirs;
    const described = claims.length === 0 ? parted : parted
      .map((job) => ({ ...job, outputs: [...new Set([...job.outputs, ...claims])] }));
    const { decisions, statuses } = await this.#decide(described);
    const toCommit = decisions.filter((decision) => decision.kind === "commit");
    requireOneSelected(options, toCommit.map(({ job }) => job));
    for (const { job } of toCommit) addOutputs(store, job, claims);
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

  /** Whether the user named no job, and this finish is not one of several. */
  get #isOfAll(): boolean {
    return this.#order.jobIds.length === 0 && this.#order.isWanted === undefined;
  }

  async #readOpen(): Promise<OpenJobs> {
    const { dataset, store, session: context } = this.#open;
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
    const { dataset, store, session } = this.#open;
    const { recoverCommits } = await import("../../commit/recover_commits.ts");
    return await recoverCommits(dataset, store, jobs, session);
  }

  /** Adopted jobs that the extension has finished are ended; loaded only where there are adopted ones. */
  async #endElsewhere(jobs: readonly SubmittedJob[]): Promise<ReadonlySet<number>> {
    const { dataset, store, session } = this.#open;
    if (store.adopted.list().size === 0) return new Set();
    const { endFinishedByExtension } = await import("../../extension/finished.ts");
    return await endFinishedByExtension(dataset, store, jobs, session);
  }

  /** Makes jobs of the tasks of arrays, where that is asked for; loaded only then: finish is to be quick. */
  async #part(jobs: readonly SubmittedJob[]): Promise<readonly SubmittedJob[]> {
    if (this.#order.options.commitCompletedTasks !== true) return jobs;
    const { dataset, store, session } = this.#open;
    const { partArrays } = await import("./part_arrays.ts");
    return await partArrays(dataset, store, jobs, session);
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
    if (ends.length > 0) this.#open.store.notes.addEnds(new Map(ends));
  }

  /** Closes what is to be closed, and reports of all that are not committed. */
  async #carryOut(decisions: readonly Decision[]): Promise<void> {
    const { dataset, session: context } = this.#open;
    const active = decisions.filter(isLeftAlone);
    const isSummedUp = active.length > MOST_ACTIVE && !context.isForPrograms;
    if (isSummedUp) reportActive(dataset, active, context);
    for (const decision of decisions) {
      if (decision.kind === "commit" || (isSummedUp && isLeftAlone(decision))) continue;
      const { job, status } = decision;
      const reason = await explainMissingLog(dataset, job, status);
      const hints = [reason, decision.record.hint].filter((hint) => hint !== undefined);
      const record = {
        ...decision.record,
        ...(hints.length === 0 ? {} : { hint: hints.join("; ") }),
        refds: dataset.root,
      };
      if (decision.kind === "close") await this.#close(decision, record.message);
      context.report(record);
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

function reportNothing(dataset: Dataset, context: CommandContext): void {
  context.report({
    ...ofDataset(dataset, "slurm-finish", "notneeded"),
    message: "there are no open jobs",
  });
}
