import type { Dataset } from "../datalad/dataset.ts";
import { openDatasetTree } from "../datalad/subdatasets.ts";
import type { DatasetTree } from "../datalad/subdatasets.ts";
import { findUntracked } from "../git/untracked.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { isWithin, joinPath, pathRelativeTo } from "../paths/root_paths.ts";
import type { Session } from "../session/session.ts";
import type { JobStore } from "../store/job_store.ts";

/**
 * Finds what a job has left in its claims and git does not know. What was there before the job was submitted
 * is somebody else's, and so is what another job claims. A job that ran in an alternative folder has left
 * nothing in the dataset.
 *
 * @returns paths relative to the root; none, with a warning, where it was not noted what had been there.
 */
export async function findLeftFiles(
  dataset: Dataset,
  store: JobStore,
  job: SubmittedJob,
  session: Session,
): Promise<string[]> {
  if (job.altDir !== null) {
    session.warn(`what job ${job.jobId} left in "${job.altDir}" stays there`);
    return [];
  }
  const before = store.files.find(job.jobKey)?.present ?? null;
  if (before === null) {
    session.warn(
      `what job ${job.jobId} left stays: it was not noted what had been there before`,
    );
    return [];
  }
  const present = new Set(before.paths);
  const others = store.findHolders(dataset.worktree, ".", true)
    .filter((holder) => holder.jobKey !== job.jobKey).flatMap((holder) => holder.outputs);
  const tree = await openDatasetTree(session.runner, dataset, before.places);
  const untracked = await findUntrackedIn(tree, before.places);
  return untracked.filter((path) =>
    // A repository of its own is listed as a folder.
    !path.endsWith("/") && !present.has(path) && !others.some((claim) => isWithin(claim, path))
  );
}

/** Each repository knows its own files only. */
async function findUntrackedIn(
  { dataset, path, children }: DatasetTree,
  places: readonly string[],
): Promise<string[]> {
  const own = places.flatMap((place) => pathRelativeTo(path, place) ?? []);
  const found = (await findUntracked(dataset.git, [...new Set(own)]))
    .map((name) => joinPath(path, name));
  for (const child of children) found.push(...await findUntrackedIn(child, places));
  return found;
}
