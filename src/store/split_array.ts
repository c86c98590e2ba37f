import type { DatabaseSync } from "node:sqlite";
import type { FilesBefore } from "../jobs/files_before.ts";
import type { Attempt, SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { splitJobId } from "../jobs/job_id.ts";
import { foldersAround } from "../paths/root_paths.ts";
import { prepareUpdate } from "./columns.ts";
import { prepareFilesNote, readFilesNote } from "./job_files.ts";
import { StorePart } from "./store_part.ts";

/** One task of an array, as the job that it becomes. */
export interface ArrayTask {
  /** The task's ID. */
  readonly task: number;
  /** `151_3`: that of the submission in which it ran last. */
  readonly jobId: string;
  /** The command that repeats this task alone. */
  readonly cmd: string;
  /** Its own claims: all of the array's are some task's. */
  readonly outputs: readonly string[];
  /** What Slurm told of it. */
  readonly details: SubmissionDetails | null;
  /** Whether it was part of the array's last submission; if not, it ran last in one behind `attempts`. */
  readonly isOfLast: boolean;
  /** Its submissions that failed. */
  readonly attempts: readonly Attempt[];
  /** The submission in which it ran last. */
  readonly submission: Pick<
    SubmittedJob,
    "cluster" | "submitter" | "submittedAtMs" | "acceptedAtMs" | "reusedFromS" | "sbatchOptions"
  >;
}

/** An array that is one job, as the caller has seen it. */
export type SplitArray = Pick<SubmittedJob, "jobKey" | "jobId">;

/** What the rows of the tasks share with that of the array. */
const COPIED = [
  ...["stage", "pwd", "dsid", "message", "chain", "inputs", "extra_inputs", "alt_dir"],
  ...["rescheduled_job_id", "label", "after_jobs", "worktree", "worktree_mark"],
].join(", ");

/** The arrays that are one job each. */
export class Arrays extends StorePart {
  /**
   * Makes a job of each task of an open one, in one transaction. The first of them has the array's key from now
   * on.
   *
   * @returns their keys; `undefined` if the array is not the open job any more that the caller has seen.
   */
  split(array: SplitArray, tasks: readonly ArrayTask[]): readonly number[] | undefined {
    return this.transaction(() => splitArray(this.database, array, tasks));
  }
}

function splitArray(
  database: DatabaseSync,
  { jobKey, jobId }: SplitArray,
  tasks: readonly ArrayTask[],
): readonly number[] | undefined {
  const isStill = database.prepare(
    `SELECT 1 FROM job WHERE job_key = ? AND stage = 'open' AND job_id = ? AND commit_oid IS NULL
       AND task_outputs IS NOT NULL`,
  );
  if (isStill.get(jobKey, jobId) === undefined) return undefined;
  const update = prepareUpdate(database);
  const claim = database.prepare("UPDATE claim SET job_key = ? WHERE job_key = ? AND path = ?");
  const copy = database.prepare(
    `INSERT INTO job (${COPIED}, cmd, outputs, submitted_at_ms, submitter, job_id)
       SELECT ${COPIED}, cmd, outputs, submitted_at_ms, submitter, ? FROM job WHERE job_key = ?`,
  );
  const keys = tasks.map((each, at) => {
    if (at === 0) return jobKey;
    const key = Number(copy.run(each.jobId, jobKey).lastInsertRowid);
    for (const path of each.outputs) claim.run(key, jobKey, path);
    return key;
  });
  shareEvidence(database, jobKey, tasks, keys);
  shareFiles(database, jobKey, tasks, keys);
  tasks.forEach(({ submission, ...task }, at) =>
    update(keys[at]!, {
      job_id: task.jobId,
      cmd: task.cmd,
      outputs: task.outputs,
      details: task.details,
      attempts: task.attempts,
      cluster: submission.cluster,
      submitter: submission.submitter,
      submitted_at_ms: submission.submittedAtMs,
      accepted_at_ms: submission.acceptedAtMs,
      reused_from_s: submission.reusedFromS,
      sbatch_options: submission.sbatchOptions,
      array_task: task.task,
      // What ran in an earlier submission shares none with the others.
      submission_key: splitJobId(task.jobId).submittedId === jobId ? jobKey : null,
      task_outputs: null,
    })
  );
  return keys;
}

/** Gives each task what was noted of the submissions that it was part of. */
function shareEvidence(
  database: DatabaseSync,
  arrayKey: number,
  tasks: readonly ArrayTask[],
  keys: readonly number[],
): void {
  const columns = "noted, kept_script, kept_inputs";
  const last = database.prepare(
    `INSERT INTO job_evidence (job_key, ${columns})
       SELECT ?, ${columns} FROM job_evidence WHERE job_key = ?`,
  );
  const earlier = database.prepare(
    `INSERT INTO attempt_evidence (job_key, attempt, ${columns})
       SELECT ?, attempt, ${columns} FROM attempt_evidence WHERE job_key = ? AND attempt < ?`,
  );
  const ofAttempt = database.prepare(
    `INSERT OR REPLACE INTO job_evidence (job_key, ${columns})
       SELECT ?, ${columns} FROM attempt_evidence WHERE job_key = ? AND attempt = ?`,
  );
  const forgetLater = database.prepare(
    "DELETE FROM attempt_evidence WHERE job_key = ? AND attempt >= ?",
  );
  const forgetLast = database.prepare("DELETE FROM job_evidence WHERE job_key = ?");
  // That of the array goes to its first task in the end.
  for (const [at, { attempts, isOfLast }] of [...tasks.entries()].toReversed()) {
    const key = keys[at]!;
    const attempt = attempts.length;
    if (key !== arrayKey) {
      earlier.run(key, arrayKey, attempt);
      if (isOfLast) last.run(key, arrayKey);
    } else if (!isOfLast) forgetLast.run(key);
    if (!isOfLast) ofAttempt.run(key, arrayKey, attempt);
    forgetLater.run(key, attempt);
  }
}

/** Gives each task what was noted of the files in its claims. */
function shareFiles(
  database: DatabaseSync,
  arrayKey: number,
  tasks: readonly ArrayTask[],
  keys: readonly number[],
): void {
  const noted = readFilesNote(database, arrayKey);
  if (noted === undefined) return;
  const owners = new Map(
    tasks.flatMap(({ outputs }, at) => outputs.map((path) => [path, keys[at]!] as const)),
  );
  const ownerOf = (path: string): number | undefined =>
    [path, ...foldersAround(path), "."].map((place) => owners.get(place))
      .find((owner) => owner !== undefined);
  const share = <T>(values: readonly T[], pathOf: (value: T) => string) =>
    Map.groupBy(values, (value) => ownerOf(pathOf(value)));
  const itself = (path: string) => path;
  const { present, room, altDir } = noted;
  const places = share(present?.places ?? [], itself);
  const paths = share(present?.paths ?? [], itself);
  const rooms = share([...room], ([path]) => path);
  const inDataset = share(altDir?.inDataset ?? [], ({ path }) => path);
  const inAltDir = share(altDir?.inAltDir ?? [], ({ path }) => path);
  database.prepare("DELETE FROM job_files WHERE job_key = ?").run(arrayKey);
  const note = prepareFilesNote(database);
  for (const key of keys) {
    const own: FilesBefore = {
      present: present === null
        ? null
        : { places: places.get(key) ?? [], paths: paths.get(key) ?? [] },
      room: new Map(rooms.get(key)),
      altDir: altDir === null ? null : {
        headOid: altDir.headOid,
        inDataset: inDataset.get(key) ?? [],
        inAltDir: inAltDir.get(key) ?? [],
      },
    };
    note(key, own);
  }
}
