import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { namesIn, removeTreeIfPresent } from "../fs/if_present.ts";
import type { Job } from "../jobs/job.ts";
import { toUserError } from "../process/system_error.ts";
import type { JobStore } from "../store/job_store.ts";
import type { Session } from "../session/session.ts";

/**
 * The folder with what the tasks of an array of rows run, whose first row this is. It lies where the nodes
 * look for the job's files: in the repository, or in the alternative folder.
 */
export function frozenFolderOf(dataset: Dataset, job: Job): string {
  return join(placeOf(dataset, job.altDir), nameOf(job));
}

/** Removes what the tasks of an array of rows would run, of which certainly nothing was submitted. */
export async function removeArrayBundle(dataset: Dataset, job: Job): Promise<void> {
  await removeTreeIfPresent(frozenFolderOf(dataset, job));
}

/**
 * Removes the folders of those arrays of rows whose tasks are all finished or closed. One that cannot be
 * removed, in the alternative folder of another user, stays, with a warning.
 *
 * @param altDirs the alternative folders to look in, `null` for the repository.
 */
export async function removeArrayBundles(
  dataset: Dataset,
  store: JobStore,
  altDirs: ReadonlySet<string | null>,
  session: Session,
): Promise<void> {
  for (const altDir of altDirs) {
    const place = placeOf(dataset, altDir);
    try {
      await removeEnded(store, place);
    } catch (error) {
      session.warn(
        `what the tasks of ended arrays ran stays in "${place}": ${toUserError(error).message}`,
      );
    }
  }
}

async function removeEnded(store: JobStore, place: string): Promise<void> {
  for (const name of await namesIn(place)) {
    const [, key, submittedAtMs] = /^([0-9]+)-([0-9]+)$/.exec(name) ?? [];
    if (!store.isSubmissionEnded(Number(key), Number(submittedAtMs))) continue;
    await Deno.remove(join(place, name), { recursive: true });
  }
}

/** The name has the time in it: a new store counts from 1 again, and tasks of an older one may still be queued. */
function nameOf({ jobKey, submittedAtMs }: Job): string {
  return `${jobKey}-${submittedAtMs}`;
}

function placeOf(dataset: Dataset, altDir: string | null): string {
  return altDir === null
    ? join(dataset.commonDir, "dlslurm", "arrays")
    : join(altDir, ".dlslurm", "arrays");
}
