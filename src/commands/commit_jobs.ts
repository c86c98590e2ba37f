import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { buildCheckedCommits, findCommitChecks } from "../git/build_checked_commits.ts";
import { buildCommits } from "../git/build_commits.ts";
import { coverWithPathspecs, findCommittedChanges, findStagedChanges } from "../git/changes.ts";
import type { Change } from "../git/changes.ts";
import { requireIdentities } from "../git/identity.ts";
import { moveRefs } from "../git/move_branch.ts";
import { PrivateIndex } from "../git/private_index.ts";
import { restorePaths } from "../git/restore_paths.ts";
import { readHead } from "../git/repository.ts";
import { Attribution } from "../jobs/attribution.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import type { JobStore } from "../store/job_store.ts";
import { planCommits, planRefs } from "./commit_shape.ts";
import type { CommitShape } from "./commit_shape.ts";
import type { CommandContext } from "./context.ts";
import { stageOutputs } from "./stage_outputs.ts";

/** A job whose outputs are to be committed. */
export interface JobToCommit extends WrittenPaths {
  /** Slurm's job ID; names the job's branch where it gets one. */
  readonly jobId: string;
  /** The commit message, record included. */
  readonly message: string;
}

/** What became of a job to be committed. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly oid: string; readonly changes: readonly Change[] }
  | { readonly kind: "unchanged" }
  | { readonly kind: "failed"; readonly error: UserError };

/** A branch that others move all the time is not chased for ever. */
const MOST_ATTEMPTS = 5;

/**
 * Commits the outputs of `jobs`, one commit each: one look at the claimed paths, one import, one move
 * of the refs.
 *
 * Order, and what a crash leaves: contents reach git or the annex (unreferenced, found again);
 * commits are built (unreferenced); their oids are noted in the store; the branch moves (the next run
 * finds the oids in its history); the index follows; the jobs are ended by the caller.
 *
 * @param others further open jobs, whose files inside these claims are left to them.
 * @throws {UserError} `NO_IDENTITY`, `INDEX_LOCKED`, `BRANCH_MOVED`, `GIT_FAILED`, `DISK`: nothing is
 * committed, all jobs stay open.
 */
export async function commitJobs(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly JobToCommit[],
  others: readonly WrittenPaths[],
  shape: CommitShape,
  context: CommandContext,
): Promise<Map<number, CommitOutcome>> {
  using progress = context.progress(`committing ${jobs.length} job${jobs.length === 1 ? "" : "s"}`);
  const identities = await requireIdentities(dataset.git);
  const checks = await findCommitChecks(dataset, dataset.config);
  const pathspecs = coverWithPathspecs(jobs.flatMap((job) => job.claims));
  // With --no-check-outputs claims may overlap: then what is there is the work of those that ended.
  const attribution = new Attribution([...others, ...jobs]);
  await using index = await PrivateIndex.copy(dataset);
  progress.say(`adding outputs to ${dataset.hasAnnex ? "git and the annex" : "git"}`);
  const { failures, withoutTimes } = await stageOutputs(
    dataset,
    index,
    jobs,
    attribution,
    pathspecs,
    context,
  );
  // Against the head that the copy was made on: what others commit meanwhile is not ours to undo.
  const changes = await changesByJob(index, dataset.headOid, attribution);
  let { headOid } = dataset;
  for (let attempt = 1;; attempt++) {
    context.interrupted.throwIfAborted();
    const changed = jobs.filter((job) => !failures.has(job.key) && changes.has(job.key))
      .map((job) => ({ ...job, changes: changes.get(job.key)! }));
    if (changed.length === 0) return outcomesOf(jobs, failures, changes, new Map());
    progress.say("building commits");
    const plans = planCommits(shape, changed);
    const oids = checks === null
      ? await buildCommits(dataset.git, headOid, plans, identities)
      : await buildCheckedCommits(context.runner, dataset, headOid, plans, identities, checks);
    const oidByJob = new Map(changed.map((job, at) => [job.key, oids[at]!]));
    store.storeCommits(oidByJob, headOid);
    progress.say("moving the branch");
    const reason = `dlslurm finish: ${changed.length} job${changed.length === 1 ? "" : "s"}`;
    const updates = planRefs(shape, changed, oids, dataset.branch!, headOid);
    if (await moveRefs(dataset.git, updates, reason)) {
      // A hook may have staged more: then the commits say what there is.
      const written = checks === null
        ? changed.flatMap((job) => job.changes)
        : await findCommittedChanges(dataset.git, oids);
      const isExact = failures.size === 0 && checks === null && headOid === dataset.headOid;
      // On branches of their own, the outputs are not part of what is checked out.
      if (shape === "branches") await restorePaths(dataset, written);
      // If another branch was checked out meanwhile, its index is not ours to change.
      else if ((await readHead(dataset.git)).branch === dataset.branch) {
        await index.publish(written, isExact, withoutTimes);
      }
      return outcomesOf(jobs, failures, changes, oidByJob);
    }
    store.forgetCommits(oidByJob.keys());
    headOid = await headAfterMove(dataset, attempt);
  }
}

async function changesByJob(
  index: PrivateIndex,
  headOid: string,
  attribution: Attribution,
): Promise<Map<number, Change[]>> {
  const byJob = new Map<number, Change[]>();
  for (const change of await findStagedChanges(index.git, headOid, [])) {
    const owner = attribution.ownerOf(change.path);
    if (owner === undefined) continue;
    const list = byJob.get(owner);
    if (list === undefined) byJob.set(owner, [change]);
    else list.push(change);
  }
  return byJob;
}

function outcomesOf(
  jobs: readonly JobToCommit[],
  failures: ReadonlyMap<number, UserError>,
  changes: ReadonlyMap<number, readonly Change[]>,
  oidByJob: ReadonlyMap<number, string>,
): Map<number, CommitOutcome> {
  return new Map(jobs.map((job): [number, CommitOutcome] => {
    const error = failures.get(job.key);
    if (error !== undefined) return [job.key, { kind: "failed", error }];
    const oid = oidByJob.get(job.key);
    if (oid === undefined) return [job.key, { kind: "unchanged" }];
    return [job.key, { kind: "committed", oid, changes: changes.get(job.key)! }];
  }));
}

async function headAfterMove(dataset: Dataset, attempt: number): Promise<string> {
  const head = await readHead(dataset.git);
  if (head.branch === dataset.branch && attempt < MOST_ATTEMPTS) return head.headOid;
  throw new UserError(
    "BRANCH_MOVED",
    `Cannot commit: ${
      head.branch === dataset.branch
        ? `another process keeps moving "${dataset.branch}"`
        : `another branch was checked out meanwhile`
    }. Nothing was committed, the jobs stay open`,
    { hint: "dlslurm finish" },
  );
}
