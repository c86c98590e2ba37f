import type { AccountingEntry } from "../jobs/accounting_entry.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { AccountingDisabledError, querySacct } from "./query_sacct.ts";
import { slurmClientOf } from "./slurm_client.ts";
import type { Configured } from "./slurm_client.ts";
import type { SlurmClient } from "./slurm_command.ts";
import type { Progress, Session } from "../session/session.ts";

/** Of a job what Slurm is asked by. */
export type SlurmId = Pick<SubmittedJob, "jobId" | "cluster">;

/** How to ask Slurm. */
export interface Asking {
  /**
   * Whether squeue is asked, too, for jobs that accounting calls active: it costs a call more, and is for few
   * jobs, of which the user says that they are over.
   */
  readonly doubtsActive?: boolean;
  /**
   * Whether all was tried to learn what is not noted of the jobs: of one of which nothing is known still, it is
   * not known either which tasks it has.
   */
  readonly areGapsFilled?: boolean;
  /** What is done while Slurm makes up its answer, such as loading what the answer is for. */
  readonly meanwhile?: () => Promise<unknown>;
  /** Begun with the IDs of these jobs; whoever began it ends it. @default it is begun here */
  readonly question?: Question | undefined;
}

/**
 * Asks Slurm for all jobs together: sacct first, then, for those of which accounting does not know or may
 * be wrong, one squeue. Shows its progress.
 *
 * @returns the status of each job, by its key.
 * @throws {UserError} `SLURM_UNAVAILABLE`; nothing is known then, and it is safe to ask again.
 */
export async function askSlurm(
  dataset: Configured,
  jobs: readonly SubmittedJob[],
  session: Session,
  { doubtsActive = false, areGapsFilled = false, meanwhile, question }: Asking = {},
): Promise<Map<number, JobStatus>> {
  using own = question === undefined ? new Question(dataset, jobs, session) : undefined;
  const { client, entriesOf } = (question ?? own)!;
  const nowMs = session.now().getTime();
  const statuses = new Map<number, JobStatus>();
  for (const [cluster, group] of Map.groupBy(jobs, (job) => job.cluster)) {
    // The question is on its way before anything is loaded: that keeps the processor busy.
    const [accounted, { decideAll }] = await Promise.all([
      entriesOf(cluster, group),
      import("./decide_entries.ts"),
      meanwhile?.(),
    ]);
    const asked = { cluster, jobs: group, accounted };
    const found = await decideAll(client, asked, { nowMs, doubtsActive, areGapsFilled });
    for (const [key, status] of found) statuses.set(key, status);
  }
  return statuses;
}

/**
 * A question to accounting, which is on its way once this is made. It needs the IDs of jobs alone, so that the
 * jobs themselves can be read while sacct makes up its answer.
 */
export class Question implements Disposable {
  /** How Slurm is asked. */
  readonly client: SlurmClient;
  readonly #progress: Progress;
  /** By cluster: the IDs that are asked for, and what comes of it. */
  readonly #asked = new Map<string | null, {
    readonly submittedIds: ReadonlySet<string>;
    readonly entries: Promise<AccountingEntry[]>;
  }>();

  /** Sends it, for each cluster its own. */
  constructor(dataset: Configured, ids: readonly SlurmId[], session: Session) {
    this.client = slurmClientOf(dataset, session);
    this.#progress = session.progress("asking Slurm", submittedIdsOf(ids).size);
    for (const [cluster, group] of Map.groupBy(ids, (id) => id.cluster)) {
      const submittedIds = submittedIdsOf(group);
      const entries = this.#ask(cluster, submittedIds);
      // Whoever wants the answer gets the error; nobody may.
      entries.catch(() => {});
      this.#asked.set(cluster, { submittedIds, entries });
    }
  }

  /**
   * What accounting has of jobs of one cluster, in the order printed. Those that were not asked for, since they
   * were submitted meanwhile, are asked for now.
   *
   * @throws {UserError} `SLURM_UNAVAILABLE`
   */
  readonly entriesOf = async (
    cluster: string | null,
    jobs: readonly SlurmId[],
  ): Promise<AccountingEntry[]> => {
    const asked = this.#asked.get(cluster);
    const others = submittedIdsOf(jobs).difference(asked?.submittedIds ?? new Set());
    const entries = await asked?.entries ?? [];
    return others.size === 0 ? entries : [...entries, ...await this.#ask(cluster, others)];
  };

  /** Shows no progress any more. */
  [Symbol.dispose](): void {
    this.#progress[Symbol.dispose]();
  }

  async #ask(
    cluster: string | null,
    submittedIds: ReadonlySet<string>,
  ): Promise<AccountingEntry[]> {
    try {
      const told = (count: number) => this.#progress.advance(count);
      return await querySacct(this.client, [...submittedIds], cluster, told);
    } catch (error) {
      if (error instanceof AccountingDisabledError) return [];
      throw error;
    }
  }
}

/** An array's tasks are asked for by the array. */
function submittedIdsOf(ids: readonly SlurmId[]): Set<string> {
  return new Set(ids.map(({ jobId }) => splitJobId(jobId).submittedId));
}
