import type { Dataset } from "../datalad/dataset.ts";
import { join } from "node:path";
import { wantsSidecar } from "../datalad/sidecar.ts";
import { lookingAhead, paceOf } from "../fs/pace.ts";
import { nameNotText } from "../fs/text_names.ts";
import { Attribution } from "../jobs/attribution.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import type { JobAccounting } from "../jobs/accounting.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { endOf, hasNeverStarted } from "../jobs/job_status.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import type { JudgeRepetitions } from "../jobs/output_comparison.ts";
import type { JobStore } from "../store/job_store.ts";
import { requireSeenInAltDir, unseenInDataset } from "./away_files.ts";
import { bringOutputsBack, requireAltDirThere } from "./bring_back.ts";
import { commitJobs } from "./commit_jobs.ts";
import type { CommitResult } from "./commit_jobs.ts";
import type { JobToCommit } from "./build_datasets.ts";
import type { CommitShape } from "./commit_shape.ts";
import { checkIndices } from "./follow_index.ts";
import type { Session } from "../session/session.ts";
import { toUserError } from "../process/system_error.ts";
import { putBack } from "../claims/make_room.ts";
import { requireGoodClaims } from "./good_claims.ts";
import { writeMessage } from "./job_message.ts";
import { ownChangesBroughtBack, ownChangesOf } from "./own_changes.ts";
import { EnvironmentFiles } from "./environment_files.ts";
import { RecordEvidence } from "./record_evidence.ts";
import { reportFailure, reportOutcome } from "./report_commits.ts";
import { SharedLogs } from "./shared_logs.ts";
import { SlurmOutputFinder } from "./slurm_outputs.ts";
import { StashedOutputs } from "./stashed_outputs.ts";
import { OvertakenLogs, warnOfLogs } from "./warn_of_logs.ts";
import { warnOfSharers } from "./warn_of_sharers.ts";
import { WholeContents } from "./whole_contents.ts";

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

/** What is to be finished, and how. */
export interface FinishRequest {
  /** The jobs to commit. */
  readonly ended: readonly EndedJob[];
  /** Open jobs that are left open; their files inside the claims of the others are left to them. */
  readonly others: readonly OpenJob[];
  /** Paragraph of each commit message, before the job's own. */
  readonly message: string | undefined;
  /** Whether a claim with nothing behind it keeps the job from being committed. */
  readonly requireOutputs: boolean | undefined;
  /** Whether a job is committed that completed with nothing behind any of its claims. */
  readonly allowNoOutputs: boolean | undefined;
  /** How the commits stand to each other. */
  readonly shape: CommitShape;
  /** Compares jobs that repeat others with those. */
  readonly judge: JudgeRepetitions;
  /** What accounting will tell of the jobs, by their keys; those that it does not know are absent. */
  readonly accounting: Promise<ReadonlyMap<number, JobAccounting>>;
  /** When this finish began, milliseconds since 1970 by the clock of the file system. */
  readonly beganMs: number;
}

/**
 * Commits jobs that have ended and ends them in the store.
 *
 * @throws {UserError} As {@linkcode commitJobs}.
 */
export async function finishCompleted(
  dataset: Dataset,
  store: JobStore,
  request: FinishRequest,
  session: Session,
): Promise<void> {
  const { ended } = request;
  using proof = new RecordEvidence(dataset, store, session);
  using environment = new EnvironmentFiles(dataset, request.accounting);
  const planner = new CommitPlanner(dataset, store, request, { proof, environment, session });
  await putBack(dataset, store, ended.map(({ job }) => job));
  const keys = ended.map(({ job }) => job.jobKey);
  store.files.load(keys);
  store.evidence.load(keys);
  const planned = await planner.planAll();
  proof.warnOfChanges();
  if (planned.length === 0) return await proof.takeBack([]);
  warnOfSharers(planned.map(({ job }) => job), request.others, session);
  const others = planner.leftAlone(planned);
  const result = await commitPlanned(
    dataset,
    store,
    { ...request, planned, others, proof, environment },
    session,
  );
  if (result.isOfSeveral) store.commits.forgetMoves(dataset.worktree);
  try {
    for (const { job } of failedLast(planned, result)) {
      const outcome = result.outcomes.get(job.jobKey)!;
      const reproduces = result.reproductions.get(job.jobKey);
      reportOutcome(dataset, { job, outcome, reproduces }, session);
    }
  } finally {
    await checkIndices(result.published, session);
  }
}

/** A job with what its commit is to be. */
interface PlannedJob extends EndedJob {
  readonly plan: JobToCommit;
}

/** Commits what was planned and ends it in the store, all while the indices are locked. */
async function commitPlanned(
  dataset: Dataset,
  store: JobStore,
  { planned, others, proof, environment, shape, judge, beganMs }:
    & Pick<FinishRequest, "shape" | "judge" | "beganMs">
    & {
      readonly planned: readonly PlannedJob[];
      readonly others: readonly WrittenPaths[];
      readonly proof: RecordEvidence;
      readonly environment: EnvironmentFiles;
    },
  session: Session,
): Promise<CommitResult> {
  await using locks = new AsyncDisposableStack();
  const jobs = planned.map(({ plan }) => plan);
  const begun = new Set<number>();
  const request = { jobs, others, late: environment, shape, judge, beganMs, locks, begun };
  const keepOnlyOf = async (isCommitted: (key: number) => boolean) => {
    const committed = jobs.filter(({ key }) => isCommitted(key));
    environment.keep(committed.map(({ key }) => key));
    await proof.takeBack(committed.flatMap(({ alongside }) => alongside ?? []));
  };
  const result = await commitJobs(dataset, store, request, session).catch(async (error) => {
    await keepOnlyOf((key) => begun.has(key));
    throw error;
  });
  const { outcomes } = result;
  await keepOnlyOf((key) => outcomes.get(key)!.kind === "committed");
  const finished = jobs.filter(({ key }) => outcomes.get(key)!.kind !== "failed");
  store.end(finished.map(({ key }) => key), "finished", session.now().getTime());
  return result;
}

/** What was done is told before what failed: with --on-failure stop that ends the command. */
function failedLast(planned: readonly PlannedJob[], { outcomes }: CommitResult): PlannedJob[] {
  const isFailed = ({ job }: PlannedJob) => outcomes.get(job.jobKey)!.kind === "failed";
  return [...planned.filter((each) => !isFailed(each)), ...planned.filter(isFailed)];
}

/** What is known of the logs of all jobs. */
interface Logs {
  readonly shared: SharedLogs;
  /** In the claims of jobs that ran elsewhere, by path the keys of the jobs that write them. */
  readonly inClaims: ReadonlyMap<string, number>;
}

/** Looks at what the jobs of one finish left, and plans their commits. */
class CommitPlanner {
  readonly #dataset: Dataset;
  readonly #store: JobStore;
  readonly #request: FinishRequest;
  readonly #proof: RecordEvidence;
  readonly #environment: EnvironmentFiles;
  readonly #session: Session;
  readonly #finder: SlurmOutputFinder;
  readonly #overtaken = new OvertakenLogs();
  readonly #contents: WholeContents;
  readonly #stashed: StashedOutputs;
  /** Links that made room for the jobs' own files, by the keys of the jobs, before they were put back. */
  readonly #rooms: ReadonlyMap<number, ReadonlyMap<string, string>>;

  constructor(
    dataset: Dataset,
    store: JobStore,
    request: FinishRequest,
    { proof, environment, session }: {
      readonly proof: RecordEvidence;
      readonly environment: EnvironmentFiles;
      readonly session: Session;
    },
  ) {
    this.#dataset = dataset;
    this.#store = store;
    this.#request = request;
    this.#proof = proof;
    this.#environment = environment;
    this.#session = session;
    this.#finder = new SlurmOutputFinder(dataset);
    this.#contents = new WholeContents(dataset.root, request.ended.map(({ job }) => job));
    this.#stashed = new StashedOutputs(dataset);
    this.#rooms = store.files.findRoom(request.ended.map(({ job }) => job.jobKey));
  }

  /** What is wrong with the files of one job is reported, and no reason to leave the others. */
  async planAll(): Promise<PlannedJob[]> {
    const { ended } = this.#request;
    using reading = this.#session.progress("reading outputs", ended.length);
    const { root } = this.#dataset;
    const shared = new SharedLogs(root, this.#finder, [...ended, ...this.#request.others]);
    const logs = { shared, inClaims: this.#findLogsInClaims() };
    const planned: PlannedJob[] = [];
    for await (const group of lookingAhead(paceOf(root), ended, (each) => this.#placesOf(each))) {
      for (const each of group) {
        reading.say(`job ${each.job.jobId}`);
        try {
          planned.push({ ...each, plan: await this.#plan(each, logs) });
        } catch (error) {
          const shown = nameNotText(error) ?? toUserError(error);
          reportFailure(this.#dataset, each.job, shown, this.#session);
        }
        reading.advance();
      }
    }
    this.#overtaken.warn(this.#session);
    return planned;
  }

  #placesOf({ job, status }: EndedJob): string[] {
    const claims = job.outputs.map((claim) => join(this.#dataset.root, claim));
    return [...claims, ...this.#finder.placesOf(job, status)];
  }

  /** Those of a job's logs that are its own still: another one may have the same, and have begun it anew. */
  async #ownLogs(paths: readonly string[], each: EndedJob, shared: SharedLogs): Promise<string[]> {
    const own: string[] = [];
    for (const path of paths) {
      const writer = await shared.laterWriterOf(path, each);
      if (writer === undefined) own.push(path);
      else this.#overtaken.add(path, each.job.jobId, writer.jobId);
    }
    // Without the room to grow by, which for thousands of jobs is a lot.
    return own.slice();
  }

  async #plan(each: EndedJob, logs: Logs): Promise<JobToCommit> {
    const { job, status } = each;
    const [dataset, store, session] = [this.#dataset, this.#store, this.#session];
    const { message, requireOutputs = false, allowNoOutputs = false } = this.#request;
    const before = store.files.find(job.jobKey);
    const seen = this.#finder.look(job, status);
    const slurmOutputs = await this.#ownLogs(seen.found, each, logs.shared);
    if (!allowNoOutputs) requireAltDirThere(job);
    // What lies at the outputs of a job that never began is somebody else's.
    const outputs = this.#mayHaveWritten(each, seen.found) ? job.outputs : [];
    const brought = await bringOutputsBack(dataset, { ...job, outputs }, {
      slurmOutputs,
      before: job.altDir === null ? null : before?.altDir ?? null,
      isForeign: (path) => (logs.inClaims.get(path) ?? job.jobKey) !== job.jobKey,
    });
    if (!allowNoOutputs) requireSeenInAltDir(job, seen, brought);
    if (!allowNoOutputs && brought === null) await this.#stashed.requireNone({ ...job, outputs });
    warnOfLogs(job, status, seen.missing, session);
    const demands = {
      requireOutputs,
      // A failed job need not have written anything.
      allowNoOutputs: allowNoOutputs || status.phase === "failed",
      room: this.#rooms.get(job.jobKey) ?? new Map(),
    };
    const claimsWithFiles = requireGoodClaims(dataset, { ...job, outputs }, demands, session);
    await this.#contents.require(job, [...claimsWithFiles, ...slurmOutputs], session);
    const { evidence, files } = await this.#proof.complete(job);
    const environment = this.#environment;
    environment.add(job, slurmOutputs);
    // A sidecar has the whole record, and is named by what it says.
    if (wantsSidecar(dataset)) await environment.settle();
    const whole = () => ({ ...evidence, ...environment.accountingOf(job.jobKey) });
    const sources = { status, slurmOutputs, files, evidence: whole, message };
    const { messageIn, sidecar } = await writeMessage(dataset, job, sources, session);
    return {
      key: job.jobKey,
      jobId: job.jobId,
      claims: outputs,
      canBeOwn: brought === null
        ? ownChangesOf(dataset, before)
        : ownChangesBroughtBack(brought, slurmOutputs),
      claimsWithFiles,
      requiresOutputs: requireOutputs,
      submittedHead: evidence.submission?.head,
      endedAtMs: endOf(status),
      failureIfUnchanged: allowNoOutputs ? undefined : unseenInDataset(dataset.root, job, seen),
      // The sidecar is committed with the job, as its logs are, and what its evidence has to keep.
      slurmOutputs: [...slurmOutputs, ...files, ...sidecar === null ? [] : [sidecar]],
      alongside: files,
      messageIn,
      chain: job.chain,
    };
  }

  /** Whether a job, or an attempt before it, has begun: one without a node and without a log has not. */
  #mayHaveWritten({ job, status }: EndedJob, found: readonly string[]): boolean {
    const hasLog = found.some((path) => path !== job.details?.environmentFile);
    if (hasLog || job.attempts.length > 0 || !hasNeverStarted(status)) return true;
    this.#session.warn(
      `job ${job.jobId} was cancelled before it began: what is at its outputs is not its own, and not committed ` +
        "with it",
    );
    return false;
  }

  /**
   * The logs that lie in the claims of jobs which ran elsewhere, with the keys of the jobs that write them:
   * each comes back with its own job.
   */
  #findLogsInClaims(): ReadonlyMap<string, number> {
    const { ended, others } = this.#request;
    const elsewhere = ended.filter(({ job }) => job.altDir !== null);
    if (elsewhere.length === 0) return new Map();
    const isClaimed = claimedBy(
      elsewhere.map(({ job }) => ({ key: job.jobKey, claims: job.outputs })),
    );
    return new Map(
      [...others, ...ended].flatMap(({ job, status }) =>
        this.#finder.findReadable(job, status, isClaimed).map((path) => [path, job.jobKey] as const)
      ),
    );
  }

  /** The jobs that are not committed, with what of theirs lies in the claims of `planned`. */
  leftAlone(planned: readonly PlannedJob[]): WrittenPaths[] {
    const committing = new Set(planned.map(({ job }) => job.jobKey));
    const skipped = this.#request.ended.filter(({ job }) => !committing.has(job.jobKey));
    const isClaimed = claimedBy(planned.map(({ plan }) => plan));
    return [...this.#request.others, ...skipped].map((each) => ({
      key: each.job.jobKey,
      claims: each.job.outputs,
      slurmOutputs: this.#finder.findReadable(each.job, each.status, isClaimed),
    }));
  }
}

function claimedBy(
  jobs: readonly Pick<WrittenPaths, "key" | "claims">[],
): (path: string) => boolean {
  const claims = new Attribution(
    jobs.map(({ key, claims }) => ({ key, claims, slurmOutputs: [] })),
  );
  return (path) => claims.ownerOf(path) !== undefined;
}
