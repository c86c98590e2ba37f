import { pathRelativeTo } from "../paths/root_paths.ts";
import { buildCheckedCommits, RefusedByHook, WHEN_REFUSED } from "../git/build_checked_commits.ts";
import type { CommitChecks } from "../git/build_checked_commits.ts";
import { buildCommits } from "../git/build_commits.ts";
import type { CommitPlan, CommitsToBuild } from "../git/build_commits.ts";
import { lastByPath } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import { UserError } from "../errors.ts";
import type { RefUpdate } from "../git/move_branch.ts";
import type { Repository } from "../git/repository.ts";
import { GITLINK_MODE, isAncestor, readGitlinks } from "../git/submodules.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import type { ReproductionEvidence } from "../jobs/evidence.ts";
import { join } from "node:path";
import { planCommits, planRefs } from "./commit_shape.ts";
import type { ChangedJob, CommitShape } from "./commit_shape.ts";
import type { Session } from "../session/session.ts";
import type { StagedDataset } from "./stage_datasets.ts";

/** What a record says that is known only once everything is staged. */
export interface KnownWhenStaged {
  /** How the outputs compare with those of the run that is repeated. */
  readonly reproduces?: ReproductionEvidence;
  /** Files, relative to the topmost root, that are in no commit: git ignores them. */
  readonly leftOut?: ReadonlySet<string>;
  /** Whether others have committed what the job wrote. */
  readonly savedByOthers?: boolean;
}

/** A job whose outputs are to be committed; paths are relative to the topmost root. */
export interface JobToCommit extends WrittenPaths {
  /** Slurm's job ID; names the job's branch where it gets one. */
  readonly jobId: string;
  /**
   * The commit message in the dataset at this path (`.`: the topmost one), record included, with what is
   * known once everything is staged.
   */
  readonly messageIn: (path: string, known?: KnownWhenStaged) => string;
  /** Commits of the earlier runs of the same command, oldest first; absent or empty for a first run. */
  readonly chain?: readonly string[];
  /** Why the job must not be ended without a commit; absent where it may. */
  readonly failureIfUnchanged?: UserError | undefined;
}

/** What a job changed, by its key. */
export type ChangedKey = ChangedJob & { readonly key: number };

/** The commits of one part, which no branch knows yet. */
export interface BuiltPart {
  /** The jobs that changed something here, or in a subdataset below. */
  readonly changed: readonly ChangedKey[];
  /** In the order of `changed`; a merge comes last. */
  readonly oids: readonly string[];
  /** The jobs' own commits. */
  readonly oidByJob: ReadonlyMap<number, string>;
  /** What makes them part of history. */
  readonly updates: readonly RefUpdate[];
}

/** What the commits of all datasets are built from. */
export interface BuildRequest {
  /** Each behind those below it. */
  readonly parts: readonly StagedDataset[];
  /** Those that are to be committed. */
  readonly jobs: readonly JobToCommit[];
  /** How the commits stand to each other. */
  readonly shape: CommitShape;
  /** The commit that those of each dataset are built on. */
  readonly heads: ReadonlyMap<StagedDataset, string>;
  /** Datasets whose commits are part of history already. */
  readonly kept: ReadonlyMap<StagedDataset, BuiltPart>;
}

/**
 * Builds the commits of all parts, so that each superdataset's commit of a job refers to the
 * subdataset's commit of that job. Parts in which nothing changed get none.
 *
 * @returns in the order of `parts`.
 * @throws {RefusedJobs} If hooks refuse commits of jobs: without these the others can be built.
 * @throws {UserError} `GIT_FAILED` or `DISK`; nothing refers to what may have been written.
 */
export async function buildParts(
  { parts, jobs, shape, heads, kept }: BuildRequest,
  session: Session,
): Promise<Map<StagedDataset, BuiltPart>> {
  const built = new Map<StagedDataset, BuiltPart>();
  const ordered = commitersLast(jobs, parts);
  const leftOut = new Set(parts.flatMap((part) => part.leftOut));
  for (const part of parts) {
    const before = kept.get(part);
    if (before !== undefined) {
      built.set(part, before);
      continue;
    }
    const changed = ordered.map((job) => ({
      key: job.key,
      jobId: job.jobId,
      message: () =>
        job.messageIn(part.path, {
          leftOut,
          ...(part.savedByOthers.has(job.key) ? { savedByOthers: true } : {}),
        }),
      changes: [...part.changes.get(job.key) ?? [], ...linksOf(part, job.key, built)],
    })).filter(({ key, changes }) => changes.length > 0 || part.savedByOthers.has(key));
    if (changed.length === 0) continue;
    const head = heads.get(part)!;
    const { dataset, identities, checks } = part;
    const planned = planCommits(shape, changed, tipsOf(part, built));
    const plans = head === dataset.headOid
      ? planned
      : await withoutOvertakenLinks(dataset, head, planned);
    const oids = await buildPlans(dataset, { base: head, plans, identities }, checks, session)
      .catch((error) => {
        throw error instanceof RefusedByHook ? refusedJobs(changed, error) : error;
      });
    built.set(part, {
      changed,
      oids,
      oidByJob: new Map(changed.map(({ key }, at) => [key, oids[at]!])),
      updates: planRefs(shape, changed, oids, { branch: dataset.branch, headOid: head }),
    });
  }
  return built;
}

/** Hooks have refused the commits of jobs, which can be left out. */
export class RefusedJobs extends UserError {
  /** What is to be said of each, by its key. */
  readonly failures: ReadonlyMap<number, UserError>;

  /** Says of the first one what is to be said. */
  constructor(failures: ReadonlyMap<number, UserError>) {
    const { code, problem, hint, detail } = [...failures.values()][0]!;
    super(code, problem, { hint: hint!, ...(detail === undefined ? {} : { detail }) });
    this.failures = failures;
  }
}

/** A merge is no job's. */
function refusedJobs(changed: readonly ChangedKey[], error: RefusedByHook): UserError {
  const failures = new Map<number, UserError>();
  for (const [at, { hook, words }] of error.refused) {
    const job = changed[at];
    if (job === undefined) continue;
    failures.set(
      job.key,
      new UserError(
        "GIT_FAILED",
        `Cannot commit job ${job.jobId}: the hook "${hook}" refused`,
        { unchanged: "The job stays open", detail: words, hint: WHEN_REFUSED },
      ),
    );
  }
  return failures.size === 0 ? error : new RefusedJobs(failures);
}

/** Builds commits as the repository's settings want them. */
export async function buildPlans(
  repository: Repository,
  commits: CommitsToBuild,
  checks: CommitChecks | null,
  { runner, progress }: Session,
): Promise<string[]> {
  using step = progress("building commits", commits.plans.length);
  return checks === null
    ? await buildCommits(repository.git, commits, step)
    : await buildCheckedCommits(repository, commits, checks, { runner, step });
}

/**
 * A job that committed in a subdataset by itself refers to what was its HEAD at the start; behind a
 * commit that finish adds there, that would be a step back.
 */
function commitersLast(
  jobs: readonly JobToCommit[],
  parts: readonly StagedDataset[],
): JobToCommit[] {
  const isMover = ({ key }: JobToCommit) =>
    parts.some((part) => part.selfCommittedJobs.has(key) && !part.changes.has(key));
  return [...jobs.filter(isMover), ...jobs.filter((job) => !isMover(job))];
}

/** The new commits of the subdatasets below `part` that a job's commit refers to. */
function linksOf(
  part: StagedDataset,
  key: number,
  built: ReadonlyMap<StagedDataset, BuiltPart>,
): Change[] {
  return part.children.flatMap((child) => {
    const own = built.get(child)?.oidByJob.get(key);
    const oid = own ?? (child.selfCommittedJobs.has(key) ? child.dataset.headOid : undefined);
    return oid === undefined || oid === child.recordedOid ? [] : [linkTo(part, child, oid)];
  });
}

/** What the subdatasets below `part` are at once all jobs are committed. */
function tipsOf(part: StagedDataset, built: ReadonlyMap<StagedDataset, BuiltPart>): Change[] {
  return part.children.flatMap((child) => {
    const tip = built.get(child)?.oids.at(-1);
    return tip === undefined ? [] : [linkTo(part, child, tip)];
  });
}

function linkTo(part: StagedDataset, child: StagedDataset, oid: string): Change {
  return { path: pathRelativeTo(part.path, child.path)!, kind: "modify", mode: GITLINK_MODE, oid };
}

/** Each path once, with the last change, and with the subdatasets as they are in the end. */
export function lastChanges(
  part: StagedDataset,
  changes: readonly Change[],
  built: ReadonlyMap<StagedDataset, BuiltPart>,
): Change[] {
  const all = [...changes, ...tipsOf(part, built)];
  return lastByPath(all);
}

/**
 * Leaves out gitlinks to commits that `head` has left behind: someone has recorded a later commit of
 * the subdataset meanwhile.
 */
export async function withoutOvertakenLinks(
  repository: Repository,
  head: string,
  plans: readonly CommitPlan[],
): Promise<CommitPlan[]> {
  const links = plans.flatMap((plan) => plan.changes).filter(({ mode }) => mode === GITLINK_MODE);
  if (links.length === 0) return [...plans];
  const paths = [...new Set(links.map(({ path }) => path))];
  const current = await readGitlinks(repository.git, head, paths);
  const overtaken = new Set<string>();
  for (const { path, oid } of links) {
    const git = repository.git.at(join(repository.root, path));
    const now = current.get(path);
    if (now !== undefined && now !== oid && await isAncestor(git, oid, now)) overtaken.add(oid);
  }
  const isCurrent = ({ mode, oid }: Change) => mode !== GITLINK_MODE || !overtaken.has(oid);
  return plans.map((plan) => ({ ...plan, changes: plan.changes.filter(isCurrent) }));
}
