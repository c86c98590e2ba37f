import { isWithin } from "../../datalad/claimed_path.ts";
import { seenFrom } from "../../datalad/subdatasets.ts";
import type { DatasetTree } from "../../datalad/subdatasets.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { findCommitChecks } from "../../git/build_checked_commits.ts";
import type { CommitChecks } from "../../git/build_checked_commits.ts";
import type { Identities } from "../../git/build_commits.ts";
import { coverWithPathspecs, findStagedChanges, findTreeChanges } from "../../git/changes.ts";
import type { Change } from "../../git/changes.ts";
import { requireIdentities } from "../../git/identity.ts";
import { PrivateIndex } from "../../git/private_index.ts";
import { findOperationInProgress } from "../../git/repository.ts";
import { Attribution } from "../../jobs/attribution.ts";
import type { WrittenPaths } from "../../jobs/attribution.ts";
import type { CommandContext } from "../context.ts";
import { takeFinishLease } from "./finish_lease.ts";
import { stageOutputs } from "./stage_outputs.ts";

/** One dataset's part in a finish: what jobs wrote in it, staged and told apart. */
export interface Part {
  /** The topmost dataset, or a subdataset. */
  readonly dataset: Dataset;
  /** Relative to the topmost root; `.` for that. */
  readonly path: string;
  /** What the superdataset's HEAD records; `null` for the topmost dataset. */
  readonly recordedOid: string | null;
  /** Subdatasets that a job wrote to, or may have. */
  readonly children: readonly Part[];
  /** The index in which it is staged. */
  readonly index: PrivateIndex;
  /** Whom its commits name. */
  readonly identities: Identities;
  /** What its commits go through; `null` for nothing. */
  readonly checks: CommitChecks | null;
  /** Files whose entries in the index lack the files' times. */
  readonly withoutTimes: readonly string[];
  /** Ends once git-annex has noted where the contents are; before that no branch must refer to them. */
  readonly locationLog: Promise<void>;
  /** What each job changed here, against the HEAD at the start, subdatasets left out. */
  readonly changes: ReadonlyMap<number, readonly Change[]>;
  /** Jobs in whose claims HEAD differs from what the superdataset records: they committed themselves. */
  readonly movedFor: ReadonlySet<number>;
}

/** Whose outputs are staged, and what is gathered meanwhile. */
export interface StagedJobs {
  /** Jobs to be committed; paths relative to the topmost root. */
  readonly jobs: readonly WrittenPaths[];
  /** Open jobs whose files are left to them. */
  readonly others: readonly WrittenPaths[];
  /** Takes why a job cannot be committed; nothing of such a job may be taken from any part. */
  readonly failures: Map<number, UserError>;
  /** Holds indices and leases until the end. */
  readonly stack: AsyncDisposableStack;
}

/**
 * Stages the outputs of all jobs in a dataset and in its subdatasets. What is wrong with a subdataset
 * fails the jobs that wrote there, and them only.
 *
 * @throws {UserError} `NO_IDENTITY`, `INDEX_LOCKED`, `GIT_FAILED`, `ANNEX_FAILED`, `DISK` about the
 * topmost dataset; nothing is committed.
 */
export async function stageParts(
  tree: DatasetTree,
  staging: StagedJobs,
  context: CommandContext,
): Promise<Part> {
  for (const { path, error } of tree.barred) fail(staging, path, error);
  const children: Part[] = [];
  for (const child of tree.children) {
    context.interrupted.throwIfAborted();
    try {
      await requireUsable(child, staging, context);
      children.push(await stageParts(child, staging, context));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      fail(staging, child.path, error);
    }
  }
  const { dataset, path, recordedOid } = tree;
  const inner = [...tree.children, ...tree.barred].map((each) => seenFrom(path, each.path)!);
  const isOwn = (each: string) => !inner.some((folder) => isWithin(folder, each));
  const project = (job: WrittenPaths) => projectJob(job, path, isOwn);
  const jobs = staging.jobs.map(project);
  const attribution = new Attribution([...staging.others.map(project), ...jobs]);
  const pathspecs = coverWithPathspecs(jobs.flatMap((job) => job.claims));
  const identities = await requireIdentities(dataset.git);
  const checks = await findCommitChecks(dataset, dataset.config);
  const index = staging.stack.use(await PrivateIndex.copy(dataset));
  const { failures, withoutTimes, locationLog } = await stageOutputs(
    dataset,
    index,
    jobs,
    attribution,
    pathspecs,
    context,
  );
  // Whatever happens next, git-annex is not left running behind us.
  staging.stack.defer(() => locationLog.catch(() => undefined));
  for (const [key, error] of failures) staging.failures.set(key, error);
  const movedFor = recordedOid === null || recordedOid === dataset.headOid
    ? new Set<number>()
    : await findMovers(dataset, recordedOid, jobs, pathspecs, attribution);
  // Against the head that the copy was made on: what others commit meanwhile is not ours to undo.
  const changes = await changesByJob(index, dataset.headOid, attribution, inner);
  return {
    ...{ dataset, path, recordedOid, children, index, identities, checks },
    ...{ withoutTimes, locationLog, changes, movedFor },
  };
}

/** Fails the jobs with claims or logs at, in or around `path`. */
function fail(staging: StagedJobs, path: string, error: UserError): void {
  for (const job of staging.jobs) {
    const { claims, slurmOutputs } = projectJob(job, path, () => true);
    if (claims.length + slurmOutputs.length > 0) staging.failures.set(job.key, error);
  }
}

/** The paths of a job as seen from a subdataset, those that are in it. */
function projectJob(
  job: WrittenPaths,
  path: string,
  isOwn: (path: string) => boolean,
): WrittenPaths {
  const project = (paths: readonly string[]) =>
    path === "."
      ? paths.filter(isOwn)
      : [...new Set(paths.map((each) => seenFrom(path, each)))].filter((each) =>
        each !== undefined && isOwn(each)
      ) as string[];
  return {
    ...job,
    claims: project(job.claims),
    slurmOutputs: project(job.slurmOutputs).filter((each) => each !== "."),
  };
}

/**
 * Takes the lease of a subdataset, where another finish may be at work for jobs of its own.
 *
 * @throws {UserError} `OPERATION_IN_PROGRESS` or `LEASE_HELD`.
 */
async function requireUsable(
  { dataset, path }: DatasetTree,
  { stack }: StagedJobs,
  context: CommandContext,
): Promise<void> {
  const operation = await findOperationInProgress(dataset);
  if (operation !== undefined) {
    throw new UserError(
      "OPERATION_IN_PROGRESS",
      `Cannot commit in the subdataset "${path}": a ${operation} is under way there`,
      {
        hint: `finish it with git -C "${path}", or take it back; then run the same command again`,
      },
    );
  }
  stack.use(await takeFinishLease(dataset, context));
}

/** Finds the jobs in whose claims HEAD differs from the recorded commit. */
async function findMovers(
  dataset: Dataset,
  recordedOid: string,
  jobs: readonly WrittenPaths[],
  pathspecs: readonly string[],
  attribution: Attribution,
): Promise<Set<number>> {
  const own = new Set(jobs.map((job) => job.key));
  const movers = new Set<number>();
  if (pathspecs.length === 0) return movers;
  for (
    const { path } of await findTreeChanges(dataset.git, recordedOid, dataset.headOid, pathspecs)
  ) {
    const owner = attribution.ownerOf(path);
    if (owner !== undefined && own.has(owner)) movers.add(owner);
  }
  return movers;
}

async function changesByJob(
  index: PrivateIndex,
  headOid: string,
  attribution: Attribution,
  inner: readonly string[],
): Promise<Map<number, Change[]>> {
  const byJob = new Map<number, Change[]>();
  for (const change of await findStagedChanges(index.git, headOid, [])) {
    const owner = attribution.ownerOf(change.path);
    if (owner === undefined || inner.includes(change.path)) continue;
    const list = byJob.get(owner);
    if (list === undefined) byJob.set(owner, [change]);
    else list.push(change);
  }
  return byJob;
}

/** All parts, each one behind those below it. */
export function bottomUp(part: Part): Part[] {
  return [...part.children.flatMap(bottomUp), part];
}
