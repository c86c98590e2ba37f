import type { Dataset } from "../../datalad/dataset.ts";
import { textOf } from "../../process/runner.ts";
import {
  coverWithPathspecs,
  findCommittedChanges,
  findStagedChanges,
  findTreeChanges,
} from "../../git/changes.ts";
import { dropStagingRef } from "../../git/move_branch.ts";
import { PrivateIndex, setIndexEntries } from "../../git/private_index.ts";
import { restorePaths } from "../../git/restore_paths.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import type { JobStore } from "../../store/job_store.ts";
import { branchName } from "./commit_shape.ts";
import type { CommandContext } from "../context.ts";
import { warn } from "../context.ts";

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
  context: CommandContext,
): Promise<Set<number>> {
  const pending = jobs.filter((job) => job.commitOid !== null && job.commitBase !== null);
  const finished = new Set<number>();
  if (pending.length === 0) return finished;
  for (const [base, group] of Map.groupBy(pending, (job) => job.commitBase!)) {
    const merged = await commitsSince(dataset, base, dataset.headOid);
    // Another branch may be checked out by now: a commit counts wherever it was made.
    const anywhere = await commitsSince(dataset, base, "--branches");
    const own = await commitsSince(dataset, base, `--branches=${branchName("*")}`);
    const { done = [], lost = [] } = Object.groupBy(
      group,
      ({ commitOid }) => merged.has(commitOid!) || anywhere.has(commitOid!) ? "done" : "lost",
    );
    store.forgetCommits(lost.map((job) => job.key));
    const oids = done.map((job) => job.commitOid!);
    const onHead = await findCommittedChanges(dataset.git, oids.filter((oid) => merged.has(oid)));
    await followInIndex(dataset, base, onHead.map((change) => change.path));
    const onOwn = oids.filter((oid) => own.has(oid) && !merged.has(oid));
    await restorePaths(dataset, await findCommittedChanges(dataset.git, onOwn));
    store.end(done.map((job) => job.key), "finished", context.now().getTime());
    for (const job of done) {
      finished.add(job.key);
      warn(
        context,
        `job ${job.jobId} had been committed by an interrupted finish: ${job.commitOid}`,
      );
    }
  }
  await dropStagingRef(dataset.git);
  await PrivateIndex.removeLeft(dataset);
  return finished;
}

async function commitsSince(dataset: Dataset, base: string, tip: string): Promise<Set<string>> {
  const result = await dataset.git.run(["rev-list", tip, `^${base}`]);
  // A base that is gone (history rewritten and pruned) has no commits after it.
  return new Set(result.code === 0 ? textOf(result.stdout).split("\n") : []);
}

/** Has the index follow HEAD at those of `paths` where it still is as in `base`. */
export async function followInIndex(
  dataset: Dataset,
  base: string,
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0) return;
  const pathspecs = coverWithPathspecs(paths);
  const staged = await findStagedChanges(dataset.git, base, pathspecs);
  const touched = new Set(staged.map((change) => change.path));
  const wanted = new Set(paths);
  const changes = await findTreeChanges(dataset.git, base, "HEAD", pathspecs);
  await setIndexEntries(
    dataset,
    changes.filter(({ path }) => wanted.has(path) && !touched.has(path)),
  );
}
