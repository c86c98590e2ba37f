import { dirname, join } from "node:path";
import { findLeftFiles } from "../../claims/find_left_files.ts";
import { SlurmOutputFinder } from "../../commit/slurm_outputs.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { findUntracked } from "../../git/untracked.ts";
import { isAbsence } from "../../fs/if_present.ts";
import { removeEmptyFolders } from "../../fs/remove_empty_folders.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { toUserError } from "../../process/system_error.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { Session } from "../../session/session.ts";

/**
 * Removes what a job that is about to be closed has left and git does not know: in its claims, and its logs.
 * Tracked files stay, and so does what was there before, or another open job claims. Harmless if repeated.
 */
export async function discardLeft(
  dataset: Dataset,
  store: JobStore,
  { job, status }: { readonly job: SubmittedJob; readonly status: JobStatus },
  session: Session,
): Promise<void> {
  const left = await findLeftFiles(dataset, store, job, session);
  const paths = [...left, ...await findUntracked(dataset.git, logsOf(dataset, job, status))];
  for (const path of paths) {
    const file = join(dataset.root, path);
    try {
      await Deno.remove(file);
    } catch (error) {
      if (isAbsence(error)) continue;
      throw toUserError(error);
    }
    session.report({
      action: "delete",
      status: "ok",
      path: file,
      type: "file",
      refds: dataset.root,
      slurmJobId: job.jobId,
      message: `untracked, left by closed job ${job.jobId}`,
    });
  }
  await removeEmptyFolders(dataset.root, new Set(paths.map((path) => dirname(path))));
}

/** Of a job that ran elsewhere the logs are there, too. */
function logsOf(dataset: Dataset, job: SubmittedJob, status: JobStatus): string[] {
  return job.altDir === null ? new SlurmOutputFinder(dataset).find(job, status) : [];
}
