import { inSequence } from "../git/build_commits.ts";
import type { CommitPlan } from "../git/build_commits.ts";
import { inTreeOrder, lastByPath } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import type { RefUpdate } from "../git/move_branch.ts";

/**
 * How the commits of several jobs stand to each other.
 *
 * - `sequence`: one after the other on the current branch.
 * - `branches`: each on a branch of its own, from the head at the start; the current branch stays.
 * - `octopus`: as `branches`, then one merge of all into the current branch, and no branches left.
 */
export type CommitShape = "sequence" | "branches" | "octopus";

/** A job with something to commit. */
export interface ChangedJob {
  /** Slurm's job ID. */
  readonly jobId: string;
  /** The commit message, record included. */
  readonly message: () => string;
  /** What the job wrote, against the head that the commits are built on; in any order. */
  readonly changes: readonly Change[];
}

const MERGE_MESSAGE = "Merge all branches from finished jobs\n";

/**
 * Lays the commits out. The first plans are the jobs' own, in their order; a merge comes last.
 *
 * @param tips what stands in a merge whatever the jobs' own commits say of the same paths.
 */
export function planCommits(
  shape: CommitShape,
  jobs: readonly ChangedJob[],
  tips: readonly Change[],
): CommitPlan[] {
  const plans = jobs.map(({ message, changes }) => ({ message, changes: inTreeOrder(changes) }));
  if (shape === "sequence") return inSequence(plans);
  const onBase = plans.map((plan) => ({ ...plan, parents: ["base" as const] }));
  // One branch alone is a fast-forward, as git merge has it.
  if (shape === "branches" || plans.length < 2) return onBase;
  const all = [...plans.flatMap((plan) => plan.changes), ...tips];
  const merge: CommitPlan = {
    message: () => MERGE_MESSAGE,
    changes: inTreeOrder(lastByPath(all)),
    parents: ["base", ...plans.map((_, at) => at)],
  };
  return [...onBase, merge];
}

/**
 * The refs that make the commits part of history.
 *
 * @param branch full name; `null` where HEAD is detached and moves itself.
 */
export function planRefs(
  shape: CommitShape,
  jobs: readonly ChangedJob[],
  oids: readonly string[],
  { branch, headOid }: { readonly branch: string | null; readonly headOid: string },
): RefUpdate[] {
  if (shape !== "branches") {
    return [{ ref: branch ?? "HEAD", newOid: oids.at(-1)!, oldOid: headOid }];
  }
  return jobs.map((job, at) => ({
    ref: `refs/heads/${branchName(job.jobId)}`,
    newOid: oids[at]!,
    oldOid: null,
  }));
}

/** The name of the branch that `--branches` makes for a job. */
export function branchName(jobId: string): string {
  return `slurm-job-branch-${jobId}`;
}
