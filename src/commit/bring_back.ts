import { basename, dirname, join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { CopyError, placeCopy } from "../fs/copy_tree.ts";
import { followedFiles } from "../fs/followed_files.ts";
import type { FollowedFile } from "../fs/followed_files.ts";
import { ifPresent, lstatIfPresent, removeIfPresent } from "../fs/if_present.ts";
import { startOfTemporary, TEMPORARY_FILE_REGEXP } from "../fs/write_file_atomic.ts";
import { isSameFile } from "../jobs/files_before.ts";
import type { FilesBesideAltDir } from "../jobs/files_before.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { isOursInAltDir } from "../claims/alt_dir.ts";
import { shellName } from "../shell/shell_name.ts";
import { findLandingPlaces, seenAt } from "./landing_places.ts";
import type { LandingPlace } from "./landing_places.ts";

/** What a job that ran elsewhere has brought to the dataset. */
export interface BroughtBack {
  /** Files that it wrote, relative to the root; they are in the dataset now. */
  readonly files: ReadonlySet<string>;
  /** Claims that have something in the alternative folder: nothing else at them is the job's. */
  readonly claims: readonly string[];
}

/** The job whose files are brought back, and what is known about them. */
export interface BringBackOptions {
  /** The job's own logs, relative to the root, as they are relative to the alternative folder. */
  readonly slurmOutputs: readonly string[];
  /** What was there before the job ran; `null` if unknown: then everything there is taken for the job's. */
  readonly before: FilesBesideAltDir | null;
  /** Whether a path is another job's log. */
  readonly isForeign: (path: string) => boolean;
}

/**
 * Brings what a job wrote in its alternative folder back into the dataset: files that are new there, or
 * have changed since the job was scheduled. What a person has changed in the dataset since is never
 * overwritten, and nothing is written through a link: both are looked at before the first file comes.
 *
 * A crash leaves whole files, and at most one half copy, which the next call takes away; repeating it goes
 * on with the rest.
 *
 * @returns `null` for a job that ran in the dataset.
 * @throws {UserError} `OUTPUT_EDITED` with the files that a person has changed, nothing was copied;
 * `COPY_FAILED` naming the file. The job stays open.
 */
export async function bringOutputsBack(
  dataset: Dataset,
  job: SubmittedJob,
  { slurmOutputs, before, isForeign }: BringBackOptions,
): Promise<BroughtBack | null> {
  const { altDir } = job;
  if (altDir === null) return null;
  try {
    const found = new Map<string, FollowedFile>();
    const claims: string[] = [];
    for (const path of [...job.outputs, ...slurmOutputs]) {
      const size = found.size;
      for await (const file of followedFiles(altDir, path, isOursInAltDir)) {
        if (!TEMPORARY_FILE_REGEXP.test(file.path)) found.set(file.path, file);
      }
      if (found.size > size) claims.push(path);
    }
    await removeHalfCopies(dataset.root, found.keys());
    const noted = new Map(before?.inAltDir.map((file) => [file.path, file]));
    const own = new Set(slurmOutputs);
    const fresh = [...found.values()].filter((file) =>
      (own.has(file.path) || !isForeign(file.path)) && !isSameFile(noted.get(file.path), file)
    );
    for (const { path, problem } of fresh) {
      if (problem !== undefined) throw new CopyError(join(altDir, path), problem);
    }
    const places = await findLandingPlaces(dataset, altDir, fresh, before);
    if (places.edited.length > 0) throw edited(job, altDir, places.edited);
    for (const place of places.free) await land(dataset, altDir, place);
    return { files: new Set(fresh.map((file) => file.path)), claims };
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    throw new UserError(
      "COPY_FAILED",
      `Cannot bring the outputs of job ${job.jobId} back: ${error.message}`,
      {
        unchanged: "The job stays open",
        hint: `fix it, then: dlslurm finish ${job.jobId}`,
        cause: error,
      },
    );
  }
}

/**
 * Requires that the folder is there in which a job ran instead of the dataset.
 *
 * @throws {UserError} `BAD_ALT_DIR`
 */
export function requireAltDirThere({ jobId, altDir, pwd }: SubmittedJob): void {
  if (altDir === null) return;
  const folder = join(altDir, pwd);
  if (ifPresent(() => Deno.statSync(folder))?.isDirectory === true) return;
  throw new UserError(
    "BAD_ALT_DIR",
    `Cannot bring the outputs of job ${jobId} back: there is no folder "${folder}", where it ran`,
    {
      unchanged: "The job stays open",
      hint:
        `see whether "${altDir}" is mounted on this machine, then: dlslurm finish ${jobId}; if it is ` +
        `permanently gone: dlslurm finish ${jobId} --allow-no-outputs commits what is in the dataset`,
    },
  );
}

/** Removes the half copies that a killed finish left of a job that is not to be committed. */
export async function forgetHalfCopies(dataset: Dataset, job: SubmittedJob): Promise<void> {
  const paths: string[] = [];
  for (const claim of job.altDir === null ? [] : job.outputs) {
    for await (const { path } of followedFiles(job.altDir!, claim, isOursInAltDir)) {
      paths.push(path);
    }
  }
  await removeHalfCopies(dataset.root, paths);
}

/** Removes the half copies that a killed finish left in the places of these files. */
export async function removeHalfCopies(root: string, files: Iterable<string>): Promise<void> {
  const folders = Map.groupBy(files, (path) => dirname(path));
  for (const [folder, paths] of folders) {
    const names = new Set(paths.map((path) => startOfTemporary(basename(path))));
    for (const name of await namesInside(root, folder)) {
      if (!TEMPORARY_FILE_REGEXP.test(name)) continue;
      if (names.has(name.replace(TEMPORARY_FILE_REGEXP, ""))) {
        await Deno.remove(join(root, folder, name));
      }
    }
  }
}

/** Names in a folder that can be reached without following a link; empty where there is no such folder. */
async function namesInside(root: string, folder: string): Promise<string[]> {
  try {
    const path = join(root, folder);
    if (await Deno.realPath(path) !== path) return [];
    return (await Array.fromAsync(Deno.readDir(path))).map((entry) => entry.name);
  } catch {
    return []; // what is the matter is said where a file is to land there
  }
}

/** Puts a file in its place, provided that what was there a moment ago is still there. */
async function land(
  dataset: Dataset,
  altDir: string,
  { path, seen, obstacle }: LandingPlace,
): Promise<void> {
  const from = join(altDir, path);
  const requireStill = async (place: string, before: string) => {
    if (await seenAt(dataset.root, place) === before) return;
    throw new CopyError(from, `"${join(dataset.root, place)}" was changed just now`);
  };
  // Where several files go below it, the first one has cleared the way for all of them.
  if (obstacle !== null && !await isFolder(join(dataset.root, obstacle.path))) {
    await requireStill(obstacle.path, obstacle.seen);
    await removeIfPresent(join(dataset.root, obstacle.path));
  }
  const to = join(dataset.root, path);
  await placeCopy(from, to, async () => {
    await requireStill(path, seen);
    if (await isFolder(to)) await Deno.remove(to, { recursive: true });
  });
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstatIfPresent(path))?.isDirectory === true;
}

/** At most so many files are named on the screen; the others are counted. */
const MOST_SHOWN = 20;

function edited(job: SubmittedJob, altDir: string, paths: readonly string[]): UserError {
  const what = paths.length === 1 ? `"${paths[0]}" was` : `${paths.length} files were`;
  const more = paths.length > MOST_SHOWN ? [`… and ${paths.length - MOST_SHOWN} more`] : [];
  return new UserError(
    "OUTPUT_EDITED",
    `Cannot bring the outputs of job ${job.jobId} back: ${what} changed in the dataset since the job was ` +
      "scheduled",
    {
      unchanged: "Nothing was copied, the job stays open",
      ...(paths.length === 1
        ? {}
        : { detail: [...paths.slice(0, MOST_SHOWN), ...more].join("\n") }),
      hint: `to take the job's, move yours away; to keep yours, remove the job's: ` +
        `rm ${shellName(join(altDir, paths[0]!))}; then: dlslurm finish ${job.jobId}`,
    },
  );
}
