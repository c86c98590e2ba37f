import type { Dataset } from "../datalad/dataset.ts";
import { textOf } from "../process/runner.ts";
import { findCommittedChanges } from "../git/changes.ts";
import { dropStagingRef } from "../git/move_branch.ts";
import { removeLeftIndices } from "../git/private_index.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import type { JobStore } from "../store/job_store.ts";
import { branchName } from "./commit_shape.ts";
import type { Session } from "../session/session.ts";
import { followInIndex, lockIndex, takeBackIndex } from "./follow_index.ts";
import { completing } from "./leaving.ts";
import { takeOutLater } from "./take_out.ts";

/**
 * Looks after an earlier finish that stopped between noting its commits and ending its jobs. Commits
 * that the branch has reached are not made twice: their jobs are ended, and the index, if it was left
 * behind, follows. The others are forgotten.
 *
 * @returns the keys of the jobs that turned out to be finished.
 */
export async function recoverCommits(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly SubmittedJob[],
  session: Session,
): Promise<Set<number>> {
  const pending = jobs.filter((job) => job.commitOid !== null && job.commitBase !== null);
  if (pending.length === 0) return new Set();
  return await completing(recoverPending(dataset, store, pending, session));
}

async function recoverPending(
  dataset: Dataset,
  store: JobStore,
  pending: readonly SubmittedJob[],
  session: Session,
): Promise<Set<number>> {
  const finished = new Set<number>();
  for (const [base, group] of Map.groupBy(pending, (job) => job.commitBase!)) {
    const merged = await commitsSince(dataset, base, dataset.headOid);
    // Another branch may be checked out by now: a commit counts wherever it was made.
    const anywhere = await commitsSince(dataset, base, "--branches");
    const own = await commitsSince(dataset, base, `--branches=${branchName("*")}`);
    const { done = [], lost = [] } = Object.groupBy(
      group,
      ({ commitOid }) => merged.has(commitOid!) || anywhere.has(commitOid!) ? "done" : "lost",
    );
    const planned = await findCommittedChanges(dataset.git, lost.map((job) => job.commitOid!));
    await takeBackIndex(dataset, planned, session);
    store.commits.forget(lost.map((job) => job.jobKey));
    const oids = done.map((job) => job.commitOid!);
    const onHead = await findCommittedChanges(dataset.git, oids.filter((oid) => merged.has(oid)));
    const onOwn = oids.filter((oid) => own.has(oid) && !merged.has(oid));
    {
      await using lock = await lockIndex(dataset, session);
      await followInIndex(dataset, lock, { base }, onHead.map((change) => change.path));
      const taken = await findCommittedChanges(dataset.git, onOwn);
      await takeOutLater(dataset, lock, taken, session);
    }
    store.end(done.map((job) => job.jobKey), "finished", session.now().getTime());
    for (const job of done) {
      finished.add(job.jobKey);
      session.warn(
        `job ${job.jobId} had been committed by an interrupted finish: ${job.commitOid}`,
      );
    }
  }
  await dropStagingRef(dataset.git);
  await removeLeftIndices(dataset);
  return finished;
}

async function commitsSince(dataset: Dataset, base: string, tip: string): Promise<Set<string>> {
  const result = await dataset.git.run(["rev-list", tip, `^${base}`, "--"]);
  // A base that no longer exists (history rewritten and pruned) has no commits after it.
  return new Set(result.code === 0 ? textOf(result.stdout).split("\n") : []);
}
