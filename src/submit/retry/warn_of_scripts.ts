import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { firstOf } from "../../session/name_list.ts";
import type { Session } from "../../session/session.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { Retry } from "../../store/retries.ts";
import { readPlanned, scriptOfFirst } from "../planned_script.ts";
import { scriptBlobNow } from "../submitted_script.ts";

/** More names than this are counted. */
const MOST_NAMED = 5;

/**
 * Says of jobs that are to be submitted again which of their batch scripts were changed since they were planned.
 * Rows that are tasks of an array run a copy, which is made of the script as it was; sbatch reads the script of
 * all others as it is now.
 */
export async function warnOfScripts(
  dataset: Dataset,
  store: JobStore,
  retries: readonly { readonly job: SubmittedJob; readonly retry: Retry }[],
  session: Session,
): Promise<void> {
  const now = new Map<string, Promise<string | undefined>>();
  const asPlanned = new Map<string, string[]>();
  const asNow = new Map<string, string[]>();
  for (const { job, retry: { plan } } of retries) {
    const planned = scriptOfFirst(store, job);
    if (planned?.path === undefined || planned.blob === undefined) continue;
    const { path, blob } = planned;
    const directory = job.altDir === null ? plan.directory : join(dataset.root, job.pwd);
    const name = JSON.stringify([plan.array === null ? plan.command : path, directory]);
    const found = now.get(name) ?? scriptBlobNow(plan.command, directory, dataset.headOid);
    now.set(name, found);
    const isThere = await found;
    if (isThere === blob) continue;
    const isCopied = plan.array !== null && plan.array.task === undefined &&
      await readPlanned(dataset, store, { path, blob }) !== undefined;
    // Without a script sbatch refuses, and says so itself.
    if (!isCopied && isThere === undefined) continue;
    const jobs = isCopied ? asPlanned : asNow;
    jobs.getOrInsert(path, []).push(job.jobId);
  }
  for (const [path, ids] of asPlanned) {
    session.note(
      `the batch script "${path}" was changed since: ${nameJobs(ids)} again as it was then; ` +
        "for the script as it is now close them and schedule the rows again",
    );
  }
  for (const [path, ids] of asNow) {
    session.warn(
      `the batch script "${path}" was changed since: ${
        nameJobs(ids)
      } as it is now; the record will ` +
        "show what each attempt ran",
    );
  }
}

function nameJobs(ids: readonly string[]): string {
  return ids.length === 1 ? `job ${ids[0]} runs it` : `jobs ${firstOf(ids, MOST_NAMED)} run it`;
}
