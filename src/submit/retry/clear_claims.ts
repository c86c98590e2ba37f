import { dirname, join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { findLeftFiles } from "../../claims/find_left_files.ts";
import type { JobStore } from "../../store/job_store.ts";
import { UserError } from "../../errors.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { firstOf } from "../../session/name_list.ts";
import type { Session } from "../../session/session.ts";

/** At most so many files are named. */
const MOST_NAMED = 5;

/**
 * Moves what a failed attempt has left in its claims and git does not know to `.git/dlslurm/left/JOBID`, so that the next
 * attempt begins as the first one did. Tracked files stay. Nothing is lost, whenever it is stopped: each file
 * is here or there.
 *
 * @throws {UserError} `DISK` with the file that could not be moved.
 */
export async function clearClaims(
  dataset: Dataset,
  store: JobStore,
  job: SubmittedJob,
  session: Session,
): Promise<void> {
  const paths = await findLeftFiles(dataset, store, job, session);
  if (paths.length === 0) return;
  const folder = join(dataset.commonDir, "dlslurm", "left", job.jobId);
  for (const path of paths) {
    session.interrupted.throwIfAborted();
    const target = join(folder, path);
    try {
      await Deno.mkdir(dirname(target), { recursive: true });
      await Deno.rename(join(dataset.root, path), target);
    } catch (error) {
      throw new UserError(
        "DISK",
        `Cannot move "${path}", which a failed attempt left, to "${target}": ${
          (error as Error).message
        }`,
        {
          unchanged: "No job was submitted",
          hint: "move it away yourself, then run the same command without --clean",
          cause: error,
        },
      );
    }
  }
  const files = paths.length === 1 ? "1 file" : `${paths.length} files`;
  session.warn(
    `moved ${files} that job ${job.jobId} left to "${folder}": ${firstOf(paths, MOST_NAMED)}`,
  );
}
