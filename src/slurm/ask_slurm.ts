import { UserError } from "../errors.ts";
import type { AccountingEntry } from "../jobs/accounting_entry.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { ProgramNotFoundError } from "../process/runner.ts";
import { attemptsOf, withAttempts } from "./attempts_again.ts";
import { AccountingDisabledError, querySacct } from "./query_sacct.ts";
import { slurmClientOf } from "./slurm_client.ts";
import type { Configured } from "./slurm_client.ts";
import type { SlurmClient } from "./slurm_command.ts";
import { unaskedIn, WHEN_GONE } from "./unasked_clusters.ts";
import type { UnaskedCluster } from "./unasked_clusters.ts";
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
   * Whether the user says of these jobs that nothing will be heard of them any more: that no named cluster of
   * theirs can be asked is no error then.
   */
  readonly bearsSilence?: boolean;
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
 * be wrong, one squeue. Attempts of them that had failed are asked for with them. Shows its progress. Where one of several clusters cannot be asked, its jobs alone are
 * unknown; `unaskedIn` tells which.
 *
 * @returns the status of each job, by its key.
 * @throws {UserError} `SLURM_UNAVAILABLE` if no cluster can be asked; nothing is known then, and it is safe to
 * ask again.
 */
export async function askSlurm(
  dataset: Configured,
  jobs: readonly SubmittedJob[],
  session: Session,
  asking: Asking = {},
): Promise<Map<number, JobStatus>> {
  const { doubtsActive = false, areGapsFilled = false, meanwhile, question } = asking;
  const attempts = attemptsOf(jobs);
  const all = [...jobs, ...attempts.map(({ job }) => job)];
  using begun = question === undefined ? new Question(dataset, all, session) : undefined;
  const { client, entriesOf } = (question ?? begun)!;
  const nowMs = session.now().getTime();
  const statuses = new Map<number, JobStatus>();
  const clusters = Map.groupBy(all, (job) => job.cluster);
  for (const [cluster, group] of clusters) {
    // The question is on its way before anything is loaded: that keeps the processor busy.
    const [accounted, { decideAll, notAsked }] = await Promise.all([
      entriesOf(cluster, group).catch(unavailable),
      import("./decide_entries.ts"),
      meanwhile?.(),
    ]);
    const found = accounted instanceof UserError ? accounted : await decideAll(
      client,
      { cluster, jobs: group, accounted },
      { nowMs, doubtsActive, areGapsFilled },
    ).catch(unavailable);
    const own = found instanceof UserError ? notAsked(cluster, group, found) : found;
    for (const [key, status] of own) statuses.set(key, status);
  }
  requireAnyAsked([...clusters.keys()], unaskedIn(statuses.values()), asking);
  return withAttempts(statuses, attempts);
}

/** The error itself, if it is that a cluster cannot be asked. */
function unavailable(error: unknown): UserError {
  if (error instanceof UserError && error.code === "SLURM_UNAVAILABLE") return error;
  throw error;
}

function requireAnyAsked(
  clusters: readonly (string | null)[],
  unasked: readonly UnaskedCluster[],
  { bearsSilence = false }: Asking,
): void {
  if (unasked.length === 0 || unasked.length < clusters.length) return;
  const { error } = unasked[0]!;
  const isLocal = clusters.includes(null) || error.cause instanceof ProgramNotFoundError;
  if (isLocal) throw error;
  if (bearsSilence) return;
  const { code, problem, detail = "" } = error;
  throw new UserError(code, problem, { detail, hint: WHEN_GONE, cause: error });
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
