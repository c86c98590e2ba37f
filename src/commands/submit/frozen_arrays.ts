import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { isAbsence, removeTreeIfPresent } from "../../fs/if_present.ts";
import type { Job } from "../../jobs/job.ts";
import type { JobStore } from "../../store/job_store.ts";

/**
 * The folder with what the tasks of an array of rows run, whose first row this is. It lies where the nodes
 * look for the job's files: in the repository, or in the alternative folder.
 */
export function frozenFolderOf(dataset: Dataset, job: Job): string {
  return join(placeOf(dataset, job.altDir), nameOf(job));
}

/** Removes what the tasks of an array of rows would run, of which certainly nothing was submitted. */
export async function removeFrozenArray(dataset: Dataset, job: Job): Promise<void> {
  await removeTreeIfPresent(frozenFolderOf(dataset, job));
}

/**
 * Removes the folders of those arrays of rows whose tasks are all finished or closed.
 *
 * @param altDirs the alternative folders to look in, `null` for the repository.
 */
export async function removeFrozenArrays(
  dataset: Dataset,
  store: JobStore,
  altDirs: ReadonlySet<string | null>,
): Promise<void> {
  for (const altDir of altDirs) {
    const place = placeOf(dataset, altDir);
    for (const name of await namesIn(place)) {
      const [, key, submittedAtMs] = /^([0-9]+)-([0-9]+)$/.exec(name) ?? [];
      if (!store.isSubmissionEnded(Number(key), Number(submittedAtMs))) continue;
      await Deno.remove(join(place, name), { recursive: true });
    }
  }
}

/** With the time: a store made anew counts from 1 again, and tasks of an older one may still be queued. */
function nameOf({ key, submittedAtMs }: Job): string {
  return `${key}-${submittedAtMs}`;
}

function placeOf(dataset: Dataset, altDir: string | null): string {
  return altDir === null
    ? join(dataset.commonDir, "dlslurm", "arrays")
    : join(altDir, ".dlslurm", "arrays");
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(folder))).map((entry) => entry.name);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}
