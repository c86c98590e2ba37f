import type { Dataset } from "../datalad/dataset.ts";
import { parseMessage, RECORD_PREFIX } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import { readMessages } from "../git/history.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { readExtensionDatabase } from "./database.ts";
import type { JobStore } from "../store/job_store.ts";
import type { Session } from "../session/session.ts";
import { extensionDatabaseOf } from "./place.ts";

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
  session: Session,
): Promise<Set<number>> {
  const vanished = findVanished(dataset, store, open, session);
  if (vanished.length === 0) return new Set();
  const commits = await findCommits(dataset, store, vanished);
  store.commits.note(commits, dataset.headOid);
  store.end(commits.keys(), "finished", session.now().getTime());
  for (const job of vanished) {
    const commit = commits.get(job.jobKey);
    if (commit === undefined) {
      session.warn(
        `job ${job.jobId} was adopted, and the Python extension no longer lists it: ` +
          (job.submittedAtMs === 0
            ? "what became of it there is unknown, since its time of submission is not known"
            : "it was closed there, or committed on another branch"),
      );
      continue;
    }
    session.report({
      action: "slurm-finish",
      status: "notneeded",
      refds: dataset.root,
      slurmJobId: job.jobId,
      commit,
      message: `Slurm job ${job.jobId} was finished with the Python extension: commit ${commit}`,
    });
  }
  return new Set(commits.keys());
}

function findVanished(
  dataset: Dataset,
  store: JobStore,
  open: readonly SubmittedJob[],
  session: Session,
): SubmittedJob[] {
  const path = extensionDatabaseOf(dataset);
  if (path === undefined || open.length === 0) return [];
  const keys = new Map([...store.adopted.list()].map(([mark, key]) => [key, mark]));
  const adopted = open.filter((job) => keys.has(job.jobKey));
  if (adopted.length === 0) return [];
  try {
    const listed = new Set(
      readExtensionDatabase(path).map(({ job }) => "problem" in job ? "" : job.mark),
    );
    return adopted.filter((job) => !listed.has(keys.get(job.jobKey)!));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    session.warn(error.message);
    return [];
  }
}

/**
 * The newest commits in HEAD's history that record these jobs, by the jobs' keys. Slurm gives IDs anew, and
 * the same command may be behind one: a commit that is older than the job, or has another job of the store,
 * does not count.
 */
async function findCommits(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly SubmittedJob[],
): Promise<Map<number, string>> {
  const start = `${RECORD_PREFIX} Slurm job `;
  const messages = await readMessages(dataset.git, "HEAD", "", start);
  const byJobId = Map.groupBy(
    messages.filter(({ message, parents }) => message.startsWith(start) && parents.length < 2),
    ({ message }) => message.slice(start.length, message.indexOf(":", start.length)),
  );
  const commits = new Map<number, string>();
  for (const job of jobs) {
    if (job.submittedAtMs === 0) continue; // an older one could not be told
    const commit = byJobId.get(job.jobId)?.findLast(({ oid, committedS, message }) =>
      committedS >= Math.floor(job.submittedAtMs / 1000) && isRecordOf(job, message) &&
      !store.commits.isKnown(oid)
    );
    if (commit !== undefined) commits.set(job.jobKey, commit.oid);
  }
  return commits;
}

function isRecordOf(job: SubmittedJob, message: string): boolean {
  try {
    const record = parseMessage(message)?.record;
    return record !== undefined && ("sidecarId" in record || record.cmd === job.cmd);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
