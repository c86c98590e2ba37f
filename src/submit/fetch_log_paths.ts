import type { OpenDataset } from "../claims/open_dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { RealFolders } from "../fs/real_folders.ts";
import { toUserError } from "../process/system_error.ts";
import type { SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { findOwnEntries } from "../jobs/own_entries.ts";
import { splitJobId } from "../jobs/job_id.ts";
import { queryLogPatterns } from "../slurm/query_log_patterns.ts";
import type { LogPatterns } from "../slurm/query_log_patterns.ts";
import { showJob, showJobs } from "../slurm/show_job.ts";
import type { JobRecord } from "../slurm/job_record.ts";
import {
  areLogsUnclear,
  detailsOfSubmission,
  logsOf,
  makesLogFolders,
  submitTimeOf,
} from "../slurm/submission_details.ts";
import type { JobStore } from "../store/job_store.ts";
import type { SlurmClient } from "../slurm/slurm_command.ts";
import { submissionOf } from "../jobs/submission_of.ts";
import { slurmClientOf } from "../slurm/slurm_client.ts";
import type { Session } from "../session/session.ts";
import { findMissing, keptLog, logFoldersOf, makingOf, namesOf } from "../slurm/log_folders.ts";
import { firstOf } from "../session/name_list.ts";
import { noteEnvironment } from "./note_environment.ts";

/** scontrol shows one job or all of them: up to so many jobs, one call each is the lesser load. */
const MOST_SINGLE_CALLS = 8;
/** Each waits for the disk; many at once share that wait. */
const FILES_AT_ONCE = 16;

/** When scontrol is asked: just after the submission, or later, when Slurm may have given the ID anew. */
export type AskedWhen = "submitted" | "later";

/** Of a job that Slurm has taken, what its logs are asked for with; the store may not have it yet. */
export type TakenJob = Pick<SubmittedJob, "jobKey" | "jobId" | "cluster" | "altDir" | "pwd">;

/** What scontrol told of jobs just after their submission. */
export interface ToldLogPaths {
  /** By the keys of the jobs; absent: it did not tell. */
  readonly details: ReadonlyMap<number, SubmissionDetails>;
  /**
   * Does what has to wait until the jobs are noted: older environment files are replaced. Warns of logs that
   * Slurm will not be able to write.
   */
  complete(): Promise<void>;
}

/**
 * Asks scontrol, once for all jobs if they are many, where they write their logs and which tasks they
 * have, and squeue where that does not tell the logs of an array's pending tasks; writes the environment
 * file beside each log, and notes both. Jobs of which scontrol does not tell stay open all the same, and
 * finish asks again. Warns of logs that Slurm will not be able to write.
 *
 * @returns what was noted, by key.
 */
export async function fetchLogPaths(
  { dataset, store, session }: OpenDataset,
  jobs: readonly SubmittedJob[],
  when: AskedWhen = "submitted",
): Promise<ReadonlyMap<number, SubmissionDetails>> {
  const warnUnknown = warnUnknownOf(session, when);
  const { details: told, complete } = await askLogPaths(dataset, jobs, session, {
    when,
    leaveOut: (...answer) => leaveOutOthers(...answer, session, warnUnknown),
  });
  const details = when === "later" ? await completeTasks(dataset, jobs, told, session) : told;
  noteLogPaths(store, details, session);
  await complete();
  return details;
}

/** Adds the tasks of arrays that slurmctld may have forgotten. */
async function completeTasks(
  dataset: Dataset,
  jobs: readonly SubmittedJob[],
  told: ReadonlyMap<number, SubmissionDetails>,
  session: Session,
): Promise<ReadonlyMap<number, SubmissionDetails>> {
  const details = new Map(told);
  for (const job of jobs) {
    const own = told.get(job.jobKey);
    if (own === undefined || own.arrayTasks === null) continue;
    // What that takes is loaded only then: it is rare.
    const { withForgottenTasks } = await import("./forgotten_tasks.ts");
    details.set(job.jobKey, await withForgottenTasks(dataset, job, own, session));
  }
  return details;
}

/** Notes what scontrol told of jobs that the store has; that it could not be noted is no failure. */
export function noteLogPaths(
  store: JobStore,
  details: ReadonlyMap<number, SubmissionDetails>,
  session: Session,
): void {
  try {
    store.notes.addDetails(details);
  } catch (error) {
    // The jobs themselves are noted.
    session.warn(`the log paths that scontrol gave are not noted: ${toUserError(error).message}`);
  }
}

/** How logs are asked for. */
export interface AskingOptions<J extends TakenJob> {
  /** Whether the jobs were submitted just now. */
  readonly when: AskedWhen;
  /** Takes out of the records, by submitted ID, what is of other jobs. */
  leaveOut?(
    records: Map<string, JobRecord[]>,
    submissions: ReadonlyMap<string, readonly J[]>,
  ): void;
}

/** Asks as {@linkcode fetchLogPaths} does, and writes the environment files; notes nothing. */
export async function askLogPaths<J extends TakenJob>(
  dataset: Dataset,
  jobs: readonly J[],
  session: Session,
  { when, leaveOut }: AskingOptions<J> = { when: "submitted" },
): Promise<ToldLogPaths> {
  const details = new Map<number, SubmissionDetails>();
  const folders = new RealFolders();
  const logFolders = new Map<string, string[]>();
  const replacements: (() => Promise<void>)[] = [];
  const warnUnknown = warnUnknownOf(session, when);
  for (const [cluster, group] of Map.groupBy(jobs, (job) => job.cluster)) {
    const submissions = Map.groupBy(group, (job) => splitJobId(job.jobId).submittedId);
    const client = slurmClientOf(dataset, session);
    const records = await recordsOf(
      client,
      [...submissions.keys()],
      cluster,
      { when, warnUnknown },
    );
    leaveOut?.(records, submissions);
    const known = [...submissions].filter(([jobId]) => (records.get(jobId)?.length ?? 0) > 0);
    const patterns = await patternsOf(dataset, records, cluster, session);
    for (let start = 0; start < known.length; start += FILES_AT_ONCE) {
      await Promise.all(
        known.slice(start, start + FILES_AT_ONCE).map(async ([jobId, own]) => {
          const found = records.get(jobId)!;
          const { file, replace } = await noteEnvironment(dataset, own[0]!, found[0]!, session);
          if (replace !== undefined) replacements.push(replace);
          const logs = logsOf(found, patterns.get(jobId)).map((log) =>
            keptLog(dataset, log, folders)
          );
          const detailsOf = detailsOfSubmission(logs, found, file);
          for (const job of own) details.set(job.jobKey, detailsOf(job));
          if (makesLogFolders(found[0]!)) return;
          for (const folder of logFoldersOf(dataset, logs)) {
            logFolders.getOrInsert(folder, []).push(jobId);
          }
        }),
      );
    }
  }
  const complete = async () => {
    for (const replace of replacements) await replace();
    if (when === "submitted") await warnOfFolders(dataset, logFolders, session);
  };
  return { details, complete };
}

function warnUnknownOf(session: Session, when: AskedWhen): WarnUnknown {
  return (jobIds, reason) => session.warn(sayUnknown(jobIds, reason, when));
}

/** Leaves out the record of another job that got the ID since. */
function leaveOutOthers(
  records: Map<string, JobRecord[]>,
  submissions: ReadonlyMap<string, readonly SubmittedJob[]>,
  session: Session,
  warnUnknown: WarnUnknown,
): void {
  for (const [jobId, own] of submissions) {
    const found = records.get(jobId);
    if (found === undefined) continue;
    const { submitS, isRequeued } = submitTimeOf(found);
    const entry = {
      jobId,
      jobIdRaw: "",
      state: "",
      submitS,
      exitCode: "",
      elapsed: "",
      nodeList: "",
    };
    const submission = submissionOf(own[0]!);
    const isOwn =
      findOwnEntries(submission, [entry], { nowMs: session.now().getTime() }).entries.length > 0;
    if (isOwn || (isRequeued && submission.reusedFromS === null)) continue;
    records.delete(jobId);
    warnUnknown([jobId], "scontrol shows another job that has this ID");
  }
}

/** @param logFolders the jobs that log there, by folder. */
async function warnOfFolders(
  dataset: Dataset,
  logFolders: ReadonlyMap<string, readonly string[]>,
  session: Session,
): Promise<void> {
  for (const folder of await findMissing(logFolders.keys())) {
    const jobIds = logFolders.get(folder)!;
    const whose = jobIds.length === 1 ? `job ${jobIds[0]}` : `${jobIds.length} jobs`;
    session.warn(
      `the folder ${
        namesOf(dataset, [folder])
      } for the logs of ${whose} is not there: unless it is ` +
        "when a job begins, Slurm fails that job (exit code 0:53) and writes nothing: " +
        makingOf([folder]),
    );
  }
}

/** Records by the ID that sbatch printed; what scontrol does not tell is said and left out. */
async function recordsOf(
  client: SlurmClient,
  jobIds: readonly string[],
  cluster: string | null,
  { when, warnUnknown }: { readonly when: AskedWhen; readonly warnUnknown: WarnUnknown },
): Promise<Map<string, JobRecord[]>> {
  if (jobIds.length > MOST_SINGLE_CALLS) {
    const mayBeForgotten = when === "later";
    const asked = showJobs(client, new Set(jobIds), cluster, mayBeForgotten);
    const all = await asked.catch((error) => {
      if (!(error instanceof UserError)) throw error;
      warnUnknown(jobIds, reasonOf(error));
      return undefined;
    });
    const missing = jobIds.filter((jobId) => all?.has(jobId) === false);
    if (missing.length > 0) {
      const reason = `scontrol no longer knows ${
        missing.length === 1 ? "it" : "them"
      }, or never did`;
      warnUnknown(missing, reason);
    }
    return all ?? new Map();
  }
  const records = new Map<string, JobRecord[]>();
  for (const jobId of jobIds) {
    try {
      records.set(jobId, await showJob(client, jobId, cluster));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      warnUnknown([jobId], reasonOf(error));
    }
  }
  return records;
}

/** Asks squeue about arrays whose pending tasks may write logs that scontrol does not distinguish. */
async function patternsOf(
  dataset: Dataset,
  records: ReadonlyMap<string, readonly JobRecord[]>,
  cluster: string | null,
  session: Session,
): Promise<Map<string, LogPatterns>> {
  const jobIds = [...records].filter(([, own]) => areLogsUnclear(own)).map(([jobId]) => jobId);
  if (jobIds.length === 0) return new Map();
  try {
    return await queryLogPatterns(slurmClientOf(dataset, session), jobIds, cluster);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Which of the possible files are there is looked up when the job is finished.
    return new Map();
  }
}

/** Warns that the log paths of jobs are not known, and why. */
type WarnUnknown = (jobIds: readonly string[], reason: string) => void;

/** Later, finish itself says what becomes of the logs. */
function sayUnknown(jobIds: readonly string[], reason: string, when: AskedWhen): string {
  if (when === "later") {
    const whose = `${jobIds.length === 1 ? "job" : "jobs"} ${firstOf(jobIds, MOST_SINGLE_CALLS)}`;
    return `Slurm does not say where the logs of ${whose} are: ${reason}`;
  }
  const recorded = jobIds.length === 1
    ? `job ${jobIds[0]} is recorded, but its`
    : `${jobIds.length} jobs are recorded, but their`;
  return `${recorded} log paths are not known yet: ${reason}; finish asks again`;
}

function reasonOf(error: UserError): string {
  return `${error.message}${error.detail === undefined ? "" : ` (${error.detail})`}`;
}
