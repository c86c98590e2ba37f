import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { ErrorCode } from "../../errors.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import type { WaitedJob } from "../../waiting/wait_for_jobs.ts";
import { USUAL_POLL_MS } from "../../waiting/pauses.ts";
import { waitForJobs } from "../../waiting/wait_for_jobs.ts";
import type { CommandContext } from "../context.ts";
import { LookDisplay } from "../jobs/look_display.ts";
import { listOpenJobs, listRepeated, openIdsOf, resolveNames } from "../jobs/named_jobs.ts";
import type { NamedJobs } from "../jobs/named_jobs.ts";
import type { FinishOnce, FinishOptions, FinishOrder } from "./finish_options.ts";

/**
 * Waits until jobs have ended and finishes them: all at the end, or each as it ends. Rows of tables that
 * finish submits then, because there is room for them now, are waited for as well. A job that cannot be
 * finished is told of once.
 */
export async function waitAndFinish(
  dataset: Dataset,
  order: FinishOrder,
  context: CommandContext,
  finish: FinishOnce,
): Promise<void> {
  const named = resolveNames(dataset, order.jobIds, context);
  await new WaitingFinish(dataset, { ...order, named }, context, finish).run();
}

/** An order with the jobs that its IDs stood for when waiting began. */
interface WaitingOrder extends FinishOrder {
  readonly named: NamedJobs;
}

class WaitingFinish {
  readonly #dataset: Dataset;
  readonly #order: WaitingOrder;
  readonly #context: CommandContext;
  readonly #finish: FinishOnce;
  readonly #display: LookDisplay;
  /** Job IDs, by keys, of the jobs that a finish left open, whatever was the matter with them. */
  readonly #left = new Map<number, string>();
  #isFirst = true;

  constructor(dataset: Dataset, order: WaitingOrder, context: CommandContext, finish: FinishOnce) {
    this.#dataset = dataset;
    this.#order = order;
    this.#context = context;
    this.#finish = finish;
    this.#display = new LookDisplay(context);
  }

  async run(): Promise<void> {
    const { jobIds, options } = this.#order;
    const { now } = this.#context;
    const beganMs = now().getTime();
    for (;;) {
      const waitedMs = now().getTime() - beganMs;
      const look = await waitForJobs(this.#dataset, {
        pollMs: options.poll ?? USUAL_POLL_MS,
        timeoutMs: options.timeout === undefined ? undefined : options.timeout - waitedMs,
        listJobs: () => this.#open().filter((job) => this.#isNew(job)),
        listRepeated: () => listRepeated(this.#dataset, this.#order.named),
        onLook: async (look) => {
          await this.#display.show(look);
          if (options.each === true && look.pauseMs !== undefined) {
            await this.#finishEach(look.newlyOver);
          }
        },
      }, this.#context);
      this.#display.clear();
      if (!this.#isFirst && look.jobs.length === 0) return;
      await this.#finishAll();
      const waitedFor = new Set(look.jobs.map(({ job }) => job.jobKey));
      this.#leaveOut(waitedFor);
      const hasTime = look.jobs.every(({ isOver }) => isOver);
      if (jobIds.length > 0 || !hasTime) return;
    }
  }

  #open(): readonly SubmittedJob[] {
    return listOpenJobs(this.#dataset, this.#order.named);
  }

  /** One that was submitted again meanwhile has another ID. */
  #isNew({ jobKey, jobId }: SubmittedJob): boolean {
    return this.#left.get(jobKey) !== jobId;
  }

  /** As they are now: what was submitted again has another, what was finished is not asked for. */
  #openIds(): string[] {
    return openIdsOf(this.#dataset, this.#order.named);
  }

  /** What is the matter with those of `keys` that are still open has been told. */
  #leaveOut(keys: ReadonlySet<number>): void {
    for (const { jobKey, jobId } of this.#open()) {
      if (keys.has(jobKey)) this.#left.set(jobKey, jobId);
    }
  }

  async #finishEach(over: readonly WaitedJob[]): Promise<void> {
    const { options } = this.#order;
    const ended = over.filter((one) => isToCommit(one, options));
    const keys = new Set(ended.map(({ job }) => job.jobKey));
    if (keys.size === 0) return;
    this.#isFirst = false;
    const isWanted = ({ jobKey }: SubmittedJob) => keys.has(jobKey);
    const order = { jobIds: this.#openIds(), options, isWanted };
    await withoutPassingTrouble(async () => {
      await this.#finish(this.#dataset, order, this.#context);
      this.#leaveOut(keys);
    }, this.#context);
  }

  async #finishAll(): Promise<void> {
    const { jobIds, options } = this.#order;
    const work = async (order: FinishOrder) =>
      await whenLeaseIsFree(
        () => this.#finish(this.#dataset, order, this.#context),
        this.#context,
      );
    const openIds = this.#openIds();
    if (this.#isFirst) {
      await work(openIds.length === 0 ? this.#order : { ...this.#order, jobIds: openIds });
    } else if (jobIds.length === 0 || openIds.length > 0) {
      await work({ jobIds: openIds, options, isWanted: (job) => this.#isNew(job) });
    }
    this.#isFirst = false;
  }
}

/** Whether a job that is over will be ended by finish: others stay as they are, and are reported at the end. */
function isToCommit({ status, isGone }: WaitedJob, options: FinishOptions): boolean {
  if (isGone) return false;
  return status?.phase === "completed" ||
    (status?.phase === "failed" &&
      (options.closeFailedJobs === true || options.commitFailedJobs === true));
}

/** What somebody else is doing just now: it is over by the time of a later look, or reported at the end. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...["LEASE_HELD", "INDEX_LOCKED", "BRANCH_MOVED", "OPERATION_IN_PROGRESS"] as const,
  ...["HEAD_DETACHED", "STORE_BUSY", "SLURM_UNAVAILABLE"] as const,
]);

async function withoutPassingTrouble(
  work: () => Promise<void>,
  context: CommandContext,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof UserError && PASSING.has(error.code))) throw error;
    context.warn(`${error.message}; waiting goes on, they are finished at the end`);
  }
}

/** Seconds between tries to get the lease: another finish is mostly over within a minute. */
const LEASE_PAUSES_S = [5, 10, 20, 40, 80, 160];

/**
 * Finishes as soon as no other finish is at work: nobody is there to type the same again.
 *
 * @throws {UserError} `LEASE_HELD` if it still is after some minutes, and whatever `work` throws.
 */
export async function whenLeaseIsFree(
  work: () => Promise<void>,
  context: CommandContext,
): Promise<void> {
  for (const seconds of LEASE_PAUSES_S) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UserError && error.code === "LEASE_HELD")) throw error;
      context.note(`${error.message}; trying again in ${seconds} s`);
    }
    await context.sleep(seconds * 1000);
  }
  await work();
}
