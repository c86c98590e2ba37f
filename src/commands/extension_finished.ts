import type { Dataset } from "../datalad/dataset.ts";
import { parseMessage, RECORD_PREFIX } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import { readMessages } from "../git/history.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { readExtensionDatabase } from "../store/extension_database.ts";
import type { JobStore } from "../store/job_store.ts";
import type { CommandContext } from "./context.ts";
import { warn } from "./context.ts";
import { extensionDatabaseOf } from "./extension_jobs.ts";

/**
 * Looks whether the Python extension has finished jobs that were adopted from it: they are then gone
 * from its database, and a commit in the history has their record. Such jobs are ended here, too. Of one
 * that is gone without a commit there is a warning only.
 *
 * @returns the keys of the jobs that were ended.
 */
export async function endFinishedByExtension(
  dataset: Dataset,
  store: JobStore,
  open: readonly SubmittedJob[],
  context: CommandContext,
): Promise<Set<number>> {
  const ended = new Set<number>();
  for (const job of findVanished(dataset, store, open, context)) {
    const commit = await findCommitOf(dataset, job);
    if (commit === undefined) {
      warn(
        context,
        `job ${job.jobId} was adopted, and the Python extension does not list it any more: ` +
          "it was closed there, or committed on another branch",
      );
      continue;
    }
    store.storeCommits(new Map([[job.key, commit]]), dataset.headOid);
    store.end([job.key], "finished", context.now().getTime());
    ended.add(job.key);
    context.report({
      action: "slurm-finish",
      status: "notneeded",
      refds: dataset.root,
      slurmJobId: job.jobId,
      commit,
      message: `Slurm job ${job.jobId} was finished with the Python extension: commit ${commit}`,
    });
  }
  return ended;
}

function findVanished(
  dataset: Dataset,
  store: JobStore,
  open: readonly SubmittedJob[],
  context: CommandContext,
): SubmittedJob[] {
  const path = extensionDatabaseOf(dataset);
  if (path === undefined || open.length === 0) return [];
  const keys = new Map([...store.listAdopted()].map(([mark, key]) => [key, mark]));
  const adopted = open.filter((job) => keys.has(job.key));
  if (adopted.length === 0) return [];
  try {
    const listed = new Set(
      readExtensionDatabase(path).map(({ job }) => "problem" in job ? "" : job.mark),
    );
    return adopted.filter((job) => !listed.has(keys.get(job.key)!));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    warn(context, error.message);
    return [];
  }
}

/** The newest commit in HEAD's history that records this job; IDs are reused, commands less so. */
async function findCommitOf(dataset: Dataset, job: SubmittedJob): Promise<string | undefined> {
  const subject = `${RECORD_PREFIX} Slurm job ${job.jobId}: `;
  const commits = await readMessages(dataset.git, "HEAD", "", subject);
  return commits.findLast(({ message, parents }) => {
    if (!message.startsWith(subject) || parents.length > 1) return false;
    try {
      const record = parseMessage(message)?.record;
      return record !== undefined && ("sidecarId" in record || record.cmd === job.cmd);
    } catch (error) {
      if (error instanceof SyntaxError) return false;
      throw error;
    }
  })?.oid;
}
