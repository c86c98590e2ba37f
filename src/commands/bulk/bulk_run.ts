import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import type { ShellWorker } from "../../process/shell_worker.ts";
import { isSiteFull } from "../../slurm/submit_limits.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { Receipt } from "../../store/receipts.ts";
import { BulkReport } from "./bulk_report.ts";
import type { CommandContext, Progress } from "../context.ts";
import { noteDetails } from "../submit/note_details.ts";
import {
  refusedSubmission,
  removeTraces,
  runSubmission,
  tracesOf,
  unclearSubmission,
} from "../submit/run_submission.ts";
import type { SubmissionCommand, SubmissionOutcome } from "../submit/run_submission.ts";
import { SubmissionsUnderWay } from "./submissions_under_way.ts";

/**
 * Why no more rows are submitted: the user's Ctrl-C; the site takes no more jobs for now; or several
 * submissions in a row went wrong, so that the others would, too.
 */
export type StopReason = "interrupted" | "site" | "failures";

/** So many failures in a row are no fault of single rows. */
const MOST_FAILURES_IN_A_ROW = 3;
/** slurmctld forgets jobs after MinJobAge, slurm.conf(5), by default 300 s; then their logs are unknown. */
const DETAILS_AFTER_MS = 60_000;

/** What the ways of submitting many rows share: receipts, failures, and what scontrol is asked. */
export class BulkRun implements Disposable {
  /** Where the jobs are scheduled. */
  readonly dataset: Dataset;
  /** Where the rows wait. */
  readonly store: JobStore;
  /** The world outside. */
  readonly context: CommandContext;
  /** Tells what becomes of rows. */
  readonly report: BulkReport;
  readonly #progress: Progress;
  readonly #underWay: SubmissionsUnderWay;
  /** Set once; what has begun is then brought to its end. */
  stop: StopReason | null = null;
  #failuresInARow = 0;
  #receipts: (Receipt & { readonly rows: readonly WaitingJob[] })[] = [];
  /** Submissions that scontrol was not asked about. */
  #undescribed: number[] = [];
  #describing: Promise<void> = Promise.resolve();
  #describedAtMs: number;

  /** Begins a run of `total` rows. */
  constructor(
    dataset: Dataset,
    store: JobStore,
    context: CommandContext,
    progress: Progress,
    total: number,
  ) {
    this.dataset = dataset;
    this.store = store;
    this.context = context;
    this.report = new BulkReport(dataset, context, total);
    this.#progress = progress;
    this.#underWay = new SubmissionsUnderWay(context);
    this.#describedAtMs = context.now().getTime();
  }

  /** Whether no further submission may begin. */
  get isStopped(): boolean {
    if (this.context.interrupted.aborted) this.stop ??= "interrupted";
    return this.stop !== null;
  }

  /**
   * Runs the submission command of rows that the store has as `submitting`: of one, or of an array's.
   * Everything but "the site is full" is seen to here. If the command cannot be started, the rows wait
   * again. If the user does not want to wait for its end, it is unclear what came of it.
   *
   * @param discard takes away what was made for the jobs; called, before anything else of the submission
   * is forgotten, when it is certain that there are none.
   * @returns `true` if the site takes no more: the rows are the caller's still.
   */
  async submit(
    worker: ShellWorker,
    command: SubmissionCommand,
    rows: readonly WaitingJob[],
    discard: () => Promise<void> = () => Promise.resolve(),
  ): Promise<boolean> {
    const submission = runSubmission(this.dataset, command, this.context, worker);
    const answer = await this.#underWay.during(rows, command.command, submission)
      .catch(async (error) => {
        await discard();
        this.store.waiting.putBack(rows.map((row) => row.key), false);
        throw error;
      });
    if (answer.kind === "refused") await discard();
    if (answer.kind === "refused" && isSiteFull(answer.stderr)) {
      await removeTraces(tracesOf(this.dataset, command.key));
      return true;
    }
    this.#progress.advance(rows.length);
    if (answer.kind !== "submitted") {
      await this.#fail(command, rows, answer);
      return false;
    }
    this.#failuresInARow = 0;
    this.report.noteWords(answer.stderr);
    const { jobId, cluster } = answer;
    this.#receipts.push({ key: command.key, jobId, cluster, rows });
    return false;
  }

  /**
   * Stores the receipts so far, in one transaction. Until then a crash leaves the traces, from which the
   * next run has the job IDs.
   */
  async storeReceipts(): Promise<void> {
    const receipts = this.#receipts.splice(0);
    if (receipts.length === 0) return;
    for (const receipt of this.#store(receipts)) {
      this.report.submitted(receipt.rows, receipt.jobId);
      this.#undescribed.push(receipt.key);
      await removeTraces(tracesOf(this.dataset, receipt.key));
    }
    const nowMs = this.context.now().getTime();
    if (nowMs - this.#describedAtMs > DETAILS_AFTER_MS) {
      this.#describedAtMs = nowMs;
      this.#describing = this.#describing.then(() => this.#describe());
      // Whoever waits for it at the end gets the error.
      this.#describing.catch(() => undefined);
    }
  }

  /** Stores what is left and asks scontrol about the jobs that it was not asked about. */
  async complete(): Promise<void> {
    await this.storeReceipts();
    await this.#describing;
    await this.#describe();
  }

  /** Ends what the run listens to; nothing of the jobs is changed. */
  [Symbol.dispose](): void {
    this.#underWay[Symbol.dispose]();
  }

  #store<R extends Receipt>(receipts: readonly R[]): readonly R[] {
    try {
      this.store.storeReceipts(receipts);
      return receipts;
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "SUBMISSION_UNCLEAR") throw error;
    }
    // One of them contradicts the books: that one stays unclear.
    return receipts.filter((receipt) => {
      try {
        this.store.storeReceipts([receipt]);
        return true;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        this.report.failed([], error);
        return false;
      }
    });
  }

  async #fail(
    { key, command }: SubmissionCommand,
    rows: readonly WaitingJob[],
    answer: Exclude<SubmissionOutcome, { readonly kind: "submitted" }>,
  ): Promise<void> {
    if (++this.#failuresInARow >= MOST_FAILURES_IN_A_ROW && !this.isStopped) this.stop = "failures";
    if (answer.kind === "unclear") {
      this.report.failed(rows, unclearSubmission(key, command, answer, true));
      return;
    }
    this.store.waiting.drop(rows.map((row) => row.key), "submitting");
    await removeTraces(tracesOf(this.dataset, key));
    this.report.failed(rows, refusedSubmission(command, answer, true));
  }

  async #describe(): Promise<void> {
    const keys = this.#undescribed.splice(0);
    const jobs = this.store.listOfSubmissions(keys);
    if (jobs.length === 0 || this.context.insisted.aborted) return;
    // After Ctrl-C, too: slurmctld may have forgotten them before the next finish.
    const context = { ...this.context, interrupted: this.context.insisted };
    await noteDetails(this.dataset, this.store, jobs, context);
  }
}
