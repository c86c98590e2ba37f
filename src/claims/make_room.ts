import { basename, dirname, join, resolve } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { isAbsence, lstatIfPresent, readTextIfPresent, statIfPresent } from "../fs/if_present.ts";
import { isAsNoted, makeAsNoted } from "../annex/absent_files.ts";
import { annexLinkAt } from "../annex/annexed_files.ts";
import type { Job } from "../jobs/job.ts";
import type { JobStore } from "../store/job_store.ts";

/**
 * Removes links to contents that are not here, and pointers, so that a job can write files in their places.
 * They have to be noted with the job before: {@linkcode putBack} makes them again.
 *
 * @param room targets and pointers by path; what is another one by now, or whose content has come, stays.
 */
export async function makeRoom(
  dataset: Dataset,
  room: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<void> {
  for (const [path, noted] of room) {
    signal.throwIfAborted();
    const file = join(dataset.root, path);
    if (!isAsNoted(file, noted)) continue;
    if (await annexLinkAt(file) !== undefined && await statIfPresent(file) !== undefined) continue;
    await Deno.remove(file);
  }
}

/**
 * Makes links and pointers again that made room for jobs and in whose places there is nothing: jobs that are
 * about to be ended or forgotten did not write them. Harmless if repeated.
 *
 * A crash leaves some to the next call.
 */
export async function putBack(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly Pick<Job, "jobKey" | "worktree">[],
): Promise<void> {
  const rooms = store.files.findRoom(jobs.map((job) => job.jobKey));
  for (const { jobKey, worktree } of jobs) {
    const room = rooms.get(jobKey);
    if (room === undefined) continue;
    const root = await rootOf(dataset, worktree);
    // A work tree that was removed needs no links.
    if (root === undefined) continue;
    for (const [path, noted] of room) await putNoted(join(root, path), noted);
  }
}

/** Gives waiting rows up: what made room for them is put back. Rows that do not wait any more stay. */
export async function dropWaiting(
  dataset: Dataset,
  store: JobStore,
  keys: readonly number[],
): Promise<void> {
  const rows = [...store.waiting.jobs(keys)];
  await putBack(dataset, store, rows);
  store.waiting.drop(rows.map((row) => row.jobKey), "waiting");
}

async function putNoted(file: string, noted: string): Promise<void> {
  if (await lstatIfPresent(file) !== undefined) return;
  try {
    await Deno.mkdir(dirname(file), { recursive: true });
    makeAsNoted(file, noted);
  } catch (error) {
    // A file has taken the place of a folder above it, or somebody else was faster.
    if (!isAbsence(error) && !(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/** The root of a work tree of the same repository; `undefined` if there is none of that name. */
async function rootOf(dataset: Dataset, worktree: string): Promise<string | undefined> {
  if (worktree === dataset.worktree) return dataset.root;
  if (worktree === "") {
    return basename(dataset.commonDir) === ".git" ? dirname(dataset.commonDir) : undefined;
  }
  // gitrepository-layout(5): the path of the `.git` file in that work tree; newer versions of git may
  // write it relative to where it stands.
  const folder = join(dataset.commonDir, "worktrees", worktree);
  const text = await readTextIfPresent(join(folder, "gitdir"));
  const root = text === undefined ? undefined : dirname(resolve(folder, text.trim()));
  return root !== undefined && (await lstatIfPresent(root))?.isDirectory ? root : undefined;
}
