import { resolve } from "node:path";
import { isOursInAltDir } from "../claims/alt_dir.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { followedFiles } from "../fs/followed_files.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import type { NotedFile } from "../jobs/files_before.ts";
import type { SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import type { Session } from "../session/session.ts";
import type { JobStore } from "../store/job_store.ts";
import { markOfDataset } from "./dataset_mark.ts";
import { FORMAT, renderHandover, VERSION } from "./handover_file.ts";
import type { HandedJob, HandoverFile } from "./handover_file.ts";

/** Clocks of a file server and of this machine differ by less. */
const CLOCK_MARGIN_MS = 60_000;

/**
 * Writes jobs to a file and marks them as handed over, in the order in which nothing is lost or doubled by a
 * crash: first they are nobody's, then they are in the file. Between the two the same call writes the file.
 *
 * @param file absolute.
 * @returns the jobs that are in the file; the others are not open any more, or were adopted.
 */
export async function writeHandover(
  dataset: Dataset,
  store: JobStore,
  { jobs, file }: { readonly jobs: readonly SubmittedJob[]; readonly file: string },
  session: Session,
): Promise<readonly SubmittedJob[]> {
  const mark = await markOfDataset(dataset);
  // What takes long, or may fail, comes before the jobs change hands.
  const files = new Map<number, readonly NotedFile[] | null>();
  for (const job of jobs) files.set(job.jobKey, await filesBefore(dataset, store, job));
  const now = session.now();
  const tokens = store.handovers.begin(jobs.map(({ jobKey }) => jobKey), file, now.getTime());
  const handed = jobs.filter(({ jobKey }) => tokens.has(jobKey));
  if (handed.length === 0) return [];
  const content: HandoverFile = {
    format: FORMAT,
    version: VERSION,
    writtenAt: now.toISOString(),
    dataset: { dsid: mark.dsid, rootCommits: [...mark.rootCommits] },
    from: { root: dataset.root, commonDir: dataset.commonDir },
    jobs: handed.map((job) =>
      toHanded(dataset, store, job, {
        token: tokens.get(job.jobKey)!,
        filesBefore: files.get(job.jobKey)?.slice() ?? null,
      })
    ),
    contents: contentsOf(store, handed),
  };
  try {
    await writeFileAtomic(file, renderHandover(content));
  } catch (error) {
    // In a file that was not written nobody can adopt them.
    const wereOpen = handed.filter(({ stage }) => stage === "open");
    for (const { jobKey } of wereOpen) store.handovers.takeBack(jobKey);
    throw error;
  }
  return handed;
}

function toHanded(
  dataset: Dataset,
  store: JobStore,
  job: SubmittedJob,
  own: Pick<HandedJob, "token" | "filesBefore">,
): HandedJob {
  const { jobKey, cmd, pwd, dsid, message, submitter, submittedAtMs, acceptedAtMs } = job;
  return {
    ...own,
    ...{ cmd, pwd, dsid, message, submitter, submittedAtMs, acceptedAtMs },
    details: withLogsIn(dataset.root, job.details),
    jobId: job.jobId,
    cluster: job.cluster,
    chain: [...job.chain],
    inputs: [...job.inputs],
    extraInputs: [...job.extraInputs],
    outputs: [...job.outputs],
    ranIn: job.altDir ?? dataset.root,
    isOfFirstClone: job.altDir === null,
    rescheduledJobId: job.rescheduledJobId,
    label: job.label ?? null,
    after: [...job.after ?? []],
    row: job.row === null ? null : { ...job.row, values: { ...job.row.values } },
    ...store.handovers.placeOf(jobKey),
    taskOutputs: job.taskOutputs ? { ...job.taskOutputs } : null,
    reusedFromS: job.reusedFromS,
    attempts: job.attempts.map((attempt) => ({
      ...attempt,
      details: withLogsIn(dataset.root, attempt.details),
    })),
    sbatchOptions: [...job.sbatchOptions],
    evidence: evidenceOf(store, job),
  };
}

/** Logs are noted from the root of this clone: in another one they lie elsewhere. */
function withLogsIn(root: string, details: SubmissionDetails | null): SubmissionDetails | null {
  if (details === null) return null;
  const logs = details.logs.map((log) => ({ ...log, path: resolve(root, log.path) }));
  return { ...details, logs };
}

/** Of the failed submissions in their order, and last of the job itself. */
function evidenceOf(store: JobStore, { jobKey, attempts }: SubmittedJob) {
  return [
    ...attempts.map((_, at) => store.evidence.findOfAttempt(jobKey, at) ?? null),
    store.evidence.find(jobKey) ?? null,
  ];
}

/** The scripts that are in no commit, by their names as blobs. */
function contentsOf(store: JobStore, jobs: readonly SubmittedJob[]): Record<string, string> {
  const contents: Record<string, string> = {};
  for (const noted of jobs.flatMap((job) => evidenceOf(store, job))) {
    const oid = noted?.script?.blob;
    if (oid === undefined || oid in contents) continue;
    const content = store.evidence.contentOf(oid);
    if (content !== undefined) contents[oid] = content.toBase64();
  }
  return contents;
}

/**
 * What lay at the outputs where the job writes before it was submitted, and is as it was then; `null` if that is
 * not known. Of a job that runs in the dataset the names of these files were noted, and their times tell the rest.
 */
async function filesBefore(
  dataset: Dataset,
  store: JobStore,
  job: SubmittedJob,
): Promise<readonly NotedFile[] | null> {
  const noted = store.files.find(job.jobKey);
  if (job.altDir !== null) return noted?.altDir?.inAltDir ?? null;
  const present = noted?.present && new Set(noted.present.paths);
  const files: NotedFile[] = [];
  for (const claim of job.outputs) {
    for await (
      const { path, size, mtimeMs, ctimeMs, ino } of followedFiles(
        dataset.root,
        claim,
        isOursInAltDir,
      )
    ) {
      if (present && !present.has(path)) continue;
      // A copy that keeps times is a change all the same.
      const changedMs = Math.max(mtimeMs, ctimeMs);
      if (changedMs >= job.submittedAtMs - CLOCK_MARGIN_MS) continue;
      files.push({ path, size, mtimeMs, ctimeMs, ino });
    }
  }
  return files;
}
