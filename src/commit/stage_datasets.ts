import { isWithin, joinPath, pathRelativeTo } from "../paths/root_paths.ts";
import type { DatasetTree } from "../datalad/subdatasets.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { findCommitChecks } from "../git/build_checked_commits.ts";
import type { CommitChecks } from "../git/build_checked_commits.ts";
import type { Identities } from "../git/build_commits.ts";
import { coverWithPathspecs, findStagedChanges, findTreeChanges } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import { requireIdentities } from "../git/identity.ts";
import { PrivateIndex } from "../git/private_index.ts";
import { findOperationInProgress, readHead } from "../git/repository.ts";
import { Attribution, ownChangesAmong } from "../jobs/attribution.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import { toUserError } from "../process/system_error.ts";
import { TakenPlaces } from "../jobs/taken_places.ts";
import type { Session } from "../session/session.ts";
import { shellName } from "../shell/shell_name.ts";
import { findUnstaged } from "./unstaged_files.ts";
import { takeFinishLease } from "./finish_lease.ts";
import type { LateFiles } from "../fs/late_files.ts";
import { findSavedByOthers } from "./saved_by_others.ts";
import { stageOutputs } from "./stage_outputs.ts";
import type { OutputsToStage } from "./stage_outputs.ts";

/** One dataset's part in a finish: what jobs wrote in it, staged and told apart. */
export interface StagedDataset {
  /** The topmost dataset, or a subdataset. */
  readonly dataset: Dataset;
  /** Relative to the topmost root; `.` for that. */
  readonly path: string;
  /** What the superdataset's HEAD records; `null` for the topmost dataset. */
  readonly recordedOid: string | null;
  /** Subdatasets that a job wrote to, or may have. */
  readonly children: readonly StagedDataset[];
  /** The index in which it is staged. */
  readonly index: PrivateIndex;
  /** Whom its commits name. */
  readonly identities: Identities;
  /** What its commits go through; `null` for nothing. */
  readonly checks: CommitChecks | null;
  /** Slurm's files, and those for the record, that git ignores; relative to the topmost root. */
  readonly leftOut: readonly string[];
  /** Files whose entries in the index lack the files' times. */
  readonly entriesWithoutStat: readonly string[];
  /** Ends once git-annex has noted where the contents are; before that no branch must refer to them. */
  readonly locationLog: Promise<void>;
  /** What each job changed here, against the HEAD at the start, subdatasets left out. */
  readonly changes: ReadonlyMap<number, readonly Change[]>;
  /** Jobs of the topmost dataset of which others have committed something; they may have nothing left to add. */
  readonly savedByOthers: ReadonlySet<number>;
  /** Jobs in whose claims HEAD differs from what the superdataset records: they committed themselves. */
  readonly selfCommittedJobs: ReadonlySet<number>;
}

/** A dataset for which no other finish is at work, with its subdatasets. */
export interface LeasedTree extends DatasetTree {
  /** When this finish began, milliseconds since 1970 by the clock of the file system. */
  readonly beganMs: number;
}

/** Whose outputs are staged, and what is gathered meanwhile. */
export interface StagedJobs {
  /** Jobs to be committed; paths relative to the topmost root. */
  readonly jobs: readonly WrittenPaths[];
  /** Open jobs whose files are left to them. */
  readonly others: readonly WrittenPaths[];
  /** Files that are not yet as they are to be staged. */
  readonly late: LateFiles;
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
export async function stageDatasets(
  tree: LeasedTree,
  staging: StagedJobs,
  session: Session,
): Promise<StagedDataset> {
  for (const { path, error } of tree.barred) fail(staging, path, error);
  const children: StagedDataset[] = [];
  for (const child of tree.children) {
    session.interrupted.throwIfAborted();
    try {
      const leased = await requireUsable(child, staging, session);
      children.push(await stageDatasets({ ...child, ...leased }, staging, session));
    } catch (error) {
      fail(staging, child.path, toUserError(error));
    }
  }
  const { dataset, path, recordedOid, beganMs } = tree;
  const inner = [...tree.children, ...tree.barred].map((each) => pathRelativeTo(path, each.path)!);
  const isOwn = (each: string) => !inner.some((folder) => isWithin(folder, each));
  const project = (job: WrittenPaths) => projectJob(job, path, isOwn);
  const jobs = staging.jobs.map(project);
  const attribution = new Attribution([...staging.others.map(project), ...jobs]);
  const pathspecs = coverWithPathspecs(jobs.flatMap((job) => job.claims));
  const identities = await requireIdentities(dataset.git);
  const checks = await findCommitChecks(dataset, dataset.config);
  const index = staging.stack.use(await PrivateIndex.copy(dataset));
  const late = projectLate(staging.late, path, isOwn);
  const outputs = { dataset, jobs, late, attribution, pathspecs, identities, beganMs };
  const staged = await stageOutputs(index, outputs, session);
  const { failures, added, entriesWithoutStat, locationLog } = staged;
  // Whatever happens next, git-annex must not be left running behind us.
  staging.stack.defer(() => locationLog.catch(() => undefined));
  for (const [key, error] of failures) staging.failures.set(key, error);
  const selfCommittedJobs = recordedOid === null || recordedOid === dataset.headOid
    ? new Set<number>()
    : await findMovers(recordedOid, outputs);
  // Against the head that the copy was made on: what others commit meanwhile is not ours to undo.
  const differing = await findStagedChanges(index.git, dataset.headOid, []);
  await findUnstaged(index, added, new Set(differing.map((change) => change.path)), (at, error) => {
    const owner = attribution.ownerOf(at);
    if (owner !== undefined) staging.failures.set(owner, error);
  });
  const changes = changesByJob(differing, jobs, attribution, inner);
  const idle = jobs.filter((job) => isIdle(job, changes, children));
  const savedByOthers = path === "." ? await findSavedByOthers(dataset, jobs) : new Set<number>();
  await leaveOut(index, idle.filter(({ key }) => !savedByOthers.has(key)), changes);
  return {
    ...{ dataset, path, recordedOid, children, index, identities, checks },
    leftOut: staged.leftOut.map((each) => joinPath(path, each)),
    ...{ entriesWithoutStat, locationLog, changes, savedByOthers, selfCommittedJobs },
  };
}

/** Fails the jobs with claims or logs at, in or around `path`. */
function fail(staging: StagedJobs, path: string, error: UserError): void {
  for (const job of staging.jobs) {
    const { claims, slurmOutputs } = projectJob(job, path, () => true);
    if (claims.length + slurmOutputs.length > 0) staging.failures.set(job.key, error);
  }
}

/** The paths of a job that are in a subdataset, relative to that. */
function projectJob(
  job: WrittenPaths,
  path: string,
  isOwn: (path: string) => boolean,
): WrittenPaths {
  const project = (paths: readonly string[]) =>
    path === "."
      ? paths.filter(isOwn)
      : [...new Set(paths.map((each) => pathRelativeTo(path, each)))].filter((each) =>
        each !== undefined && isOwn(each)
      ) as string[];
  const { canBeOwn } = job;
  return {
    ...job,
    ...(canBeOwn === undefined || path === "." ? {} : {
      canBeOwn: (each: string, isGone: boolean) => canBeOwn(joinPath(path, each), isGone),
    }),
    claims: project(job.claims),
    claimsWithFiles: project(job.claimsWithFiles ?? []),
    alongside: project(job.alongside ?? []),
    slurmOutputs: project(job.slurmOutputs).filter((each) => each !== "."),
  };
}

/** The late files that are in a subdataset, relative to that. */
function projectLate(
  late: LateFiles,
  path: string,
  isOwn: (path: string) => boolean,
): LateFiles {
  const paths = [...late.paths].flatMap((each) =>
    (path === "." ? each : pathRelativeTo(path, each)) ?? []
  );
  return { paths: paths.filter(isOwn), settle: () => late.settle() };
}

/**
 * Takes the lease of a subdataset, where another finish may be at work for jobs of its own.
 *
 * @returns the subdataset as it is from then on.
 * @throws {UserError} `OPERATION_IN_PROGRESS` or `LEASE_HELD`.
 */
async function requireUsable(
  { dataset, path }: DatasetTree,
  { stack }: StagedJobs,
  session: Session,
): Promise<Pick<LeasedTree, "dataset" | "beganMs">> {
  const operation = await findOperationInProgress(dataset);
  if (operation !== undefined) {
    throw new UserError(
      "OPERATION_IN_PROGRESS",
      `Cannot commit in the subdataset "${path}": a ${operation} is under way there`,
      {
        hint: `finish it with git -C ${
          shellName(path)
        }, or take it back; then run the same command again`,
      },
    );
  }
  const lease = stack.use(await takeFinishLease(dataset, session));
  return { dataset: { ...dataset, ...await readHead(dataset) }, beganMs: lease.takenMs };
}

/** Finds the jobs in whose claims HEAD differs from the recorded commit. */
async function findMovers(
  recordedOid: string,
  { dataset, jobs, pathspecs, attribution }: OutputsToStage,
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

function changesByJob(
  staged: readonly Change[],
  jobs: readonly WrittenPaths[],
  attribution: Attribution,
  inner: readonly string[],
): Map<number, Change[]> {
  const isOwn = ownChangesAmong(jobs);
  const owned = staged.flatMap((change) => {
    const owner = attribution.ownerOf(change.path);
    if (owner === undefined || inner.includes(change.path)) return [];
    return [{ owner, change, isOwn: isOwn(owner, change.path, change.kind === "delete") }];
  });
  // What others have staged or removed is theirs, unless the tree could not hold the job's own files then.
  const taken = new TakenPlaces(
    owned.filter((each) => each.isOwn && each.change.kind !== "delete")
      .map(({ change }) => change.path),
  );
  const byJob = new Map<number, Change[]>();
  for (const { owner, change, isOwn } of owned) {
    if (!isOwn && !(change.kind === "delete" && taken.isInTheWay(change.path))) continue;
    byJob.getOrInsert(owner, []).push(change);
  }
  return byJob;
}

/** Whether a job changed nothing, here or in a subdataset, but what is added to a commit alone. */
function isIdle(
  { key, alongside = [] }: WrittenPaths,
  changes: ReadonlyMap<number, readonly Change[]>,
  children: readonly StagedDataset[],
): boolean {
  return (changes.get(key) ?? []).every(({ path }) => alongside.includes(path)) &&
    !hasPartBelow({ children }, key);
}

/** Whether a job changed something in a subdataset, or committed there itself. */
export function hasPartBelow(
  { children }: Pick<StagedDataset, "children">,
  key: number,
): boolean {
  return children.some((child) =>
    child.changes.has(key) || child.selfCommittedJobs.has(key) || hasPartBelow(child, key)
  );
}

/** Takes what jobs have added out of the index, and of `changes`. */
async function leaveOut(
  index: PrivateIndex,
  jobs: readonly WrittenPaths[],
  changes: Map<number, Change[]>,
): Promise<void> {
  for (const { key } of jobs) {
    const own = changes.get(key) ?? [];
    changes.delete(key);
    if (own.length > 0) await index.stage([], own.map(({ path }) => path));
  }
}

/** All parts, each one behind those below it. */
export function bottomUp(part: StagedDataset): StagedDataset[] {
  return [...part.children.flatMap(bottomUp), part];
}
