import type { OpenDataset } from "../../claims/open_dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { GatheredEvidence } from "../../jobs/noted_evidence.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import type { ShellWorker } from "../../process/shell_worker.ts";
import { isSiteFull } from "../../slurm/submit_limits.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { Receipt } from "../../store/receipts.ts";
import type { BulkReport } from "./bulk_report.ts";
import type { Progress, Session } from "../../session/session.ts";
import type { PlannedScript } from "../planned_script.ts";
import { EvidenceGatherer } from "../gather_evidence.ts";
import { hintForUnopenedScript } from "../batch_script.ts";
import { putBack } from "../../claims/make_room.ts";
import { fetchLogPaths } from "../fetch_log_paths.ts";
import {
  noteUnanswered,
  refusedSubmission,
  runSubmission,
  unclearSubmission,
} from "../run_submission.ts";
import { removeTraces, tracesOf } from "../submission_traces.ts";
import type { SubmissionCommand, SubmissionOutcome } from "../run_submission.ts";
import { storeReceiptOf } from "../store_receipt.ts";
import { SubmissionsUnderWay } from "./submissions_under_way.ts";

/**
 * Why no more rows are submitted: the user's Ctrl-C; the site takes no more jobs for now; or several
 * submissions in a row went wrong, so that the others would, too.
 */
export type StopReason = "interrupted" | "site" | "failures";

/** After so many failures in a row, the rows themselves are not to blame. */
const MOST_FAILURES_IN_A_ROW = 3;
/** slurmctld forgets jobs after MinJobAge, slurm.conf(5), by default 300 s; then their logs are unknown. */
const DETAILS_AFTER_MS = 60_000;

/** What the ways of submitting many rows share: receipts, failures, and what scontrol is asked. */
export class BulkRun implements OpenDataset, Disposable {
  /** Where the jobs are scheduled. */
  readonly dataset: Dataset;
  /** Where the rows wait. */
  readonly store: JobStore;
  /** What lies outside. */
  readonly session: Session;
  /** Tells what becomes of rows. */
  readonly report: BulkReport;
  readonly #gatherer: EvidenceGatherer;
  readonly #evidence = new Map<number, GatheredEvidence>();
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

  /** Begins a run. */
  constructor(
    { dataset, store, session }: OpenDataset,
    progress: Progress,
    report: BulkReport,
  ) {
    this.dataset = dataset;
    this.store = store;
    this.session = session;
    this.report = report;
    this.#gatherer = new EvidenceGatherer(dataset, session);
    this.#progress = progress;
    this.#underWay = new SubmissionsUnderWay(session);
    this.#describedAtMs = session.now().getTime();
  }

  /** Whether no further submission may begin. */
  get isStopped(): boolean {
    if (this.session.interrupted.aborted) this.stop ??= "interrupted";
    return this.stop !== null;
  }

  /**
   * Gathers the evidence of waiting rows, to be noted when they are taken.
   *
   * @param planned the script that they will run, where it is not the one that is there now.
   */
  async gather(
    keys: readonly number[],
    planned?: PlannedScript,
  ): Promise<ReadonlyMap<number, GatheredEvidence>> {
    const gathered = new Map<number, GatheredEvidence>();
    for (const row of this.store.waiting.jobs(keys)) {
      const job = { ...row.plan, request: row };
      gathered.set(row.jobKey, await this.#gatherer.gather(job, planned));
    }
    // What is there now does not matter then.
    if (planned === undefined) {
      for (const [key, evidence] of gathered) this.#evidence.set(key, evidence);
    }
    return gathered;
  }

  /** Looks once more at the script that rows share; to be called when it is about to be read. */
  async lookAgain(rows: readonly WaitingJob[]): Promise<void> {
    const later = new Map<number, GatheredEvidence>();
    for (const row of rows) {
      const evidence = this.#evidence.get(row.jobKey);
      this.#evidence.delete(row.jobKey);
      if (evidence === undefined) continue;
      const now = await this.#gatherer.lookAgain({ ...row.plan, request: row }, evidence);
      if (now !== undefined) later.set(row.jobKey, now);
    }
    this.store.evidence.note(later);
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
    const submission = runSubmission(this.dataset, command, this.session, worker);
    const answer = await this.#underWay.during(rows, command.command, submission)
      .catch(async (error) => {
        await discard();
        this.store.waiting.putBack(rows.map((row) => row.jobKey), false);
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
    for (const receipt of await this.#store(receipts)) {
      this.report.submitted(receipt.rows, receipt.jobId);
      this.#undescribed.push(receipt.key);
      await removeTraces(tracesOf(this.dataset, receipt.key));
    }
    const nowMs = this.session.now().getTime();
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

  /** Stops listening for interruptions and closes files; changes no job. */
  [Symbol.dispose](): void {
    this.#underWay[Symbol.dispose]();
    this.#gatherer[Symbol.dispose]();
  }

  async #store<R extends Receipt>(receipts: readonly R[]): Promise<readonly R[]> {
    const nowMs = this.session.now().getTime();
    try {
      this.store.receipts.store(receipts, nowMs);
      return receipts;
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "SUBMISSION_UNCLEAR") throw error;
    }
    // One of them contradicts the books: that one stays unclear, unless Slurm counts anew.
    const stored: R[] = [];
    for (const receipt of receipts) {
      try {
        const { key, jobId, cluster } = receipt;
        await storeReceiptOf(this, { key, jobId, cluster }, nowMs);
        stored.push(receipt);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        this.report.failed([], error);
      }
    }
    return stored;
  }

  async #fail(
    { key, command }: SubmissionCommand,
    rows: readonly WaitingJob[],
    answer: Exclude<SubmissionOutcome, { readonly kind: "submitted" }>,
  ): Promise<void> {
    if (++this.#failuresInARow >= MOST_FAILURES_IN_A_ROW && !this.isStopped) this.stop = "failures";
    if (answer.kind === "unclear") {
      noteUnanswered(this.store, key, this.session);
      this.report.failed(rows, unclearSubmission(key, command, answer, true));
      return;
    }
    await putBack(this.dataset, this.store, rows);
    this.store.waiting.drop(rows.map((row) => row.jobKey), "submitting");
    await removeTraces(tracesOf(this.dataset, key));
    const [row] = rows;
    const hint = row === undefined ? undefined : await hintForUnopenedScript(
      this.dataset.root,
      { ...row.plan, request: row },
      answer.stderr,
    );
    this.report.failed(rows, refusedSubmission(command, answer, true, hint));
  }

  async #describe(): Promise<void> {
    const keys = this.#undescribed.splice(0);
    const jobs = this.store.listOfSubmissions(keys);
    if (jobs.length === 0 || this.session.secondInterrupt.aborted) return;
    // After Ctrl-C, too: slurmctld may have forgotten them before the next finish.
    const session = { ...this.session, interrupted: this.session.secondInterrupt };
    await fetchLogPaths({ dataset: this.dataset, store: this.store, session }, jobs);
  }
}
