import { resolveClaim } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { readExtensionDatabase } from "./database.ts";
import type { ExtensionEntry } from "./database.ts";
import type { JobStore } from "../store/job_store.ts";
import type { Session } from "../session/session.ts";
import { doConflict, outputConflict } from "../claims/output_conflict.ts";
import { extensionDatabaseOf } from "./place.ts";

/** A path that an open job of the Python extension has locked. */
export interface ExtensionLock {
  /** Relative to the dataset's root, normalised. */
  readonly path: string;
  /** The job, for a person: "job 12 of the Python extension (sbatch job.sh)". */
  readonly holder: string;
}

/**
 * The open jobs of the Python extension that were not adopted.
 *
 * @throws {UserError} `EXTENSION_DATABASE` if they cannot be read.
 */
export function findPendingEntries(dataset: Dataset, store: JobStore): ExtensionEntry[] {
  const path = extensionDatabaseOf(dataset);
  const entries = path === undefined ? [] : readExtensionDatabase(path);
  if (entries.length === 0) return [];
  const adopted = store.adopted.list();
  return entries.filter(({ job }) => "problem" in job || !adopted.has(job.mark));
}

/**
 * Reads what open jobs of the Python extension have locked, and says that they could be adopted.
 * Where there is no database of it, this costs one look.
 *
 * @param checksOutputs `false`: outputs may be shared, then nothing is read.
 * @throws {UserError} `EXTENSION_DATABASE` if they cannot be read: nothing may be submitted then.
 */
export async function readExtensionLocks(
  dataset: Dataset,
  store: JobStore,
  session: Session,
  checksOutputs = true,
): Promise<ExtensionLock[]> {
  if (!checksOutputs) return [];
  const entries = findPendingEntriesForSubmission(dataset, store);
  if (entries.length === 0) return [];
  session.warn(`${sayWhatItHas(entries)}, whose outputs count as taken: dlslurm adopt takes over`);
  const locks: ExtensionLock[] = [];
  for (const { jobId, job, locks: paths } of entries) {
    const cmd = "problem" in job ? "" : ` (${job.cmd})`;
    for (const path of paths) {
      const claim = await resolveClaim(dataset.root, dataset.root, path).catch((error) => {
        // What is outside of the dataset is in nobody's way here.
        if (error instanceof UserError) return undefined;
        throw error;
      });
      if (claim === undefined) continue;
      locks.push({ path: claim, holder: `job ${jobId} of the Python extension${cmd}` });
    }
  }
  return locks;
}

/** "the Python extension has 2 open jobs here" */
export function sayWhatItHas(entries: readonly ExtensionEntry[]): string {
  const count = entries.length === 1 ? "1 open job" : `${entries.length} open jobs`;
  return `the Python extension has ${count} here`;
}

/**
 * Refuses a job whose outputs are in the way of the extension's.
 *
 * @throws {UserError} `OUTPUT_CONFLICT`
 */
export function requireUnlocked(
  locks: readonly ExtensionLock[],
  outputs: readonly string[],
): void {
  for (const path of outputs) {
    const lock = locks.find((each) => doConflict(each.path, path));
    if (lock === undefined) continue;
    throw outputConflict(path, lock.path, lock.holder, {
      hint: "dlslurm adopt takes the extension's jobs over, dlslurm finish commits them",
    });
  }
}

function findPendingEntriesForSubmission(dataset: Dataset, store: JobStore): ExtensionEntry[] {
  try {
    return findPendingEntries(dataset, store);
  } catch (error) {
    if (!(error instanceof UserError) || error.code !== "EXTENSION_DATABASE") throw error;
    throw new UserError(error.code, error.problem, {
      unchanged: "No job was submitted",
      hint: error.hint!,
      cause: error,
    });
  }
}
