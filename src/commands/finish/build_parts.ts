import { buildCheckedCommits } from "../../git/build_checked_commits.ts";
import type { CommitChecks } from "../../git/build_checked_commits.ts";
import { buildCommits } from "../../git/build_commits.ts";
import type { CommitPlan, Identities } from "../../git/build_commits.ts";
import { lastByPath } from "../../git/changes.ts";
import type { Change } from "../../git/changes.ts";
import type { RefUpdate } from "../../git/move_branch.ts";
import type { Repository } from "../../git/repository.ts";
import { GITLINK_MODE, isAncestor, readGitlinks } from "../../git/submodules.ts";
import { seenFrom } from "../../datalad/subdatasets.ts";
import type { WrittenPaths } from "../../jobs/attribution.ts";
import { join } from "node:path";
import { planCommits, planRefs } from "./commit_shape.ts";
import type { ChangedJob, CommitShape } from "./commit_shape.ts";
import type { CommandContext } from "../context.ts";
import type { Part } from "./stage_parts.ts";

/** A job whose outputs are to be committed; paths are relative to the topmost root. */
export interface JobToCommit extends WrittenPaths {
  /** Slurm's job ID; names the job's branch where it gets one. */
  readonly jobId: string;
  /** The commit message in the dataset at this path (`.`: the topmost one), record included. */
  readonly messageIn: (path: string) => string;
}

/** The commits of one part, which no branch knows yet. */
export interface BuiltPart {
  /** The jobs that changed something here, or in a subdataset below. */
  readonly changed: readonly (ChangedJob & { readonly key: number })[];
  /** In the order of `changed`; a merge comes last. */
  readonly oids: readonly string[];
  /** The jobs' own commits. */
  readonly oidByJob: ReadonlyMap<number, string>;
  /** What makes them part of history. */
  readonly updates: readonly RefUpdate[];
}

/**
 * Builds the commits of all parts, so that each superdataset's commit of a job refers to the
 * subdataset's commit of that job. Parts in which nothing changed get none.
 *
 * @param parts each behind those below it.
 * @param heads what the commits of each part are built on.
 * @param kept parts whose commits are part of history already.
 * @returns in the order of `parts`.
 * @throws {UserError} `GIT_FAILED` or `DISK`; nothing refers to what may have been written.
 */
export async function buildParts(
  parts: readonly Part[],
  jobs: readonly JobToCommit[],
  shape: CommitShape,
  heads: ReadonlyMap<Part, string>,
  kept: ReadonlyMap<Part, BuiltPart>,
  context: CommandContext,
): Promise<Map<Part, BuiltPart>> {
  const built = new Map<Part, BuiltPart>();
  const ordered = commitersLast(jobs, parts);
  for (const part of parts) {
    const before = kept.get(part);
    if (before !== undefined) {
      built.set(part, before);
      continue;
    }
    const changed = ordered.map((job) => ({
      key: job.key,
      jobId: job.jobId,
      message: () => job.messageIn(part.path),
      changes: [...part.changes.get(job.key) ?? [], ...linksOf(part, job.key, built)],
    })).filter(({ changes }) => changes.length > 0);
    if (changed.length === 0) continue;
    const head = heads.get(part)!;
    const { dataset, identities, checks } = part;
    const planned = planCommits(shape, changed, tipsOf(part, built));
    const plans = head === dataset.headOid
      ? planned
      : await withoutOvertakenLinks(dataset, head, planned);
    const oids = await buildPlans(dataset, head, plans, identities, checks, context);
    built.set(part, {
      changed,
      oids,
      oidByJob: new Map(changed.map(({ key }, at) => [key, oids[at]!])),
      updates: planRefs(shape, changed, oids, dataset.branch, head),
    });
  }
  return built;
}

/** Builds commits as the repository's settings want them. */
export async function buildPlans(
  repository: Repository,
  head: string,
  plans: readonly CommitPlan[],
  identities: Identities,
  checks: CommitChecks | null,
  context: CommandContext,
): Promise<string[]> {
  return checks === null
    ? await buildCommits(repository.git, head, plans, identities)
    : await buildCheckedCommits(context.runner, repository, head, plans, identities, checks);
}

/**
 * A job that committed in a subdataset by itself refers to what was its HEAD at the start; behind a
 * commit that finish adds there, that would be a step back.
 */
function commitersLast(jobs: readonly JobToCommit[], parts: readonly Part[]): JobToCommit[] {
  const isMover = ({ key }: JobToCommit) =>
    parts.some((part) => part.movedFor.has(key) && !part.changes.has(key));
  return [...jobs.filter(isMover), ...jobs.filter((job) => !isMover(job))];
}

/** The new commits of the subdatasets below `part` that a job's commit refers to. */
function linksOf(part: Part, key: number, built: ReadonlyMap<Part, BuiltPart>): Change[] {
  return part.children.flatMap((child) => {
    const own = built.get(child)?.oidByJob.get(key);
    const oid = own ?? (child.movedFor.has(key) ? child.dataset.headOid : undefined);
    return oid === undefined || oid === child.recordedOid ? [] : [linkTo(part, child, oid)];
  });
}

/** What the subdatasets below `part` are at once all jobs are committed. */
function tipsOf(part: Part, built: ReadonlyMap<Part, BuiltPart>): Change[] {
  return part.children.flatMap((child) => {
    const tip = built.get(child)?.oids.at(-1);
    return tip === undefined ? [] : [linkTo(part, child, tip)];
  });
}

function linkTo(part: Part, child: Part, oid: string): Change {
  return { path: seenFrom(part.path, child.path)!, kind: "modify", mode: GITLINK_MODE, oid };
}

/** Each path once, with the last change, and with the subdatasets as they are in the end. */
export function lastChanges(
  part: Part,
  changes: readonly Change[],
  built: ReadonlyMap<Part, BuiltPart>,
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
