import { join } from "node:path";
import { annexLinkAt } from "../../annex/annexed_files.ts";
import type { OpenDataset } from "../../claims/open_dataset.ts";
import { mayHaveAnnexedFiles } from "../../claims/look_at_outputs.ts";
import type { OpenJob } from "../../commit/finish_completed.ts";
import { SlurmOutputFinder } from "../../commit/slurm_outputs.ts";
import { statIfPresent } from "../../fs/if_present.ts";
import { splitJobId } from "../../jobs/job_id.ts";
import { toUserError } from "../../process/system_error.ts";
import { unlockFiles } from "../../submit/prepare_files.ts";

/**
 * Unlocks the logs that a finish has locked and to which open jobs are still to write: a batch script without the
 * job's ID in the name of its log has one for all its jobs, and Slurm cannot open a locked one.
 *
 * A crash leaves them locked; the next finish finds them.
 */
export async function unlockSharedLogs(
  { dataset, session }: Pick<OpenDataset, "dataset" | "session">,
  open: readonly OpenJob[],
): Promise<void> {
  const paths = fixedLogsOf(new SlurmOutputFinder(dataset), open);
  if (paths.size === 0 || !await mayHaveAnnexedFiles(dataset)) return;
  const locked: string[] = [];
  for (const path of paths) {
    const file = join(dataset.root, path);
    const isLocked = await annexLinkAt(file) !== undefined;
    if (isLocked && await statIfPresent(file) !== undefined) locked.push(path);
  }
  try {
    await unlockFiles(dataset, locked, session);
  } catch (error) {
    session.warn(
      `logs stay locked to which open jobs will write, and cannot then: ${
        toUserError(error).message
      }`,
    );
  }
}

/** Of jobs that have not ended the logs without the job's ID in their names; nothing is asked of the file system. */
function fixedLogsOf(finder: SlurmOutputFinder, open: readonly OpenJob[]): Set<string> {
  const paths = new Set<string>();
  for (const { job, status } of open) {
    const hasEnded = status !== undefined && status.phase !== "active";
    if (hasEnded || job.altDir !== null) continue;
    const { submittedId } = splitJobId(job.jobId);
    finder.findReadable({ ...job, attempts: [] }, status, (path) => {
      if (!path.includes(submittedId)) paths.add(path);
      return false;
    });
  }
  return paths;
}
