/**
 * The domain: jobs, their claims, and what Slurm says of them. Nothing here does I/O.
 *
 * @module
 */

/**
 * Where a job can stand in our books: `submitting → open → finished | closed`. A row of a table begins
 * as `waiting`: it holds its claims, and its submission has not begun.
 */
export const JOB_STAGES = ["waiting", "submitting", "open", "finished", "closed"] as const;

/** Where a job stands in our books. */
export type JobStage = (typeof JOB_STAGES)[number];

/** The row of a table that a job was made of. */
export interface TableRow {
  /** The table's file as it was named, `-` for standard input. */
  readonly table: string;
  /** Line of the table that the row begins in, from 1; a header counts. */
  readonly line: number;
  /** What each column holds, as text. */
  readonly values: Readonly<Record<string, string>>;
  /** The command for all rows of the table: the columns are placeholders in it. */
  readonly cmd: string;
}

/** What is known of a job before it is submitted. */
export interface JobRequest {
  /** The shell command line as recorded, placeholders unexpanded. */
  readonly cmd: string;
  /** Where it runs, relative to the dataset's root. */
  readonly pwd: string;
  /** Dataset ID, or `null` in a plain Git repository. */
  readonly dsid: string | null;
  /** The `-m` of schedule. */
  readonly message: string | null;
  /** Commits of the earlier runs of the same command, oldest first. */
  readonly chain: readonly string[];
  /** Relative to `pwd`, as the user gave them. */
  readonly inputs: readonly string[];
  /** Taken over from the record of the run that is repeated; empty for a new job. */
  readonly extraInputs: readonly string[];
  /** The claims, relative to the dataset's root, normalised. */
  readonly outputs: readonly string[];
  /** Folder that it runs in instead of the dataset, absolute, links resolved; `null` without one. */
  readonly altDir: string | null;
  /** Job ID of the run that this one repeats. */
  readonly rescheduledJobId: string | null;
  /** Name of the linked worktree it was scheduled in; empty for the main one. */
  readonly worktree: string;
  /** The row of a table that it was made of; `cmd` and paths have its values filled in. */
  readonly row?: TableRow | null;
}

/** How a row of a table is to be submitted: all that was decided when the table was read. */
export interface WaitingPlan {
  /** The shell command line with everything filled in. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly directory: string;
  /** What it reads, relative to the root. */
  readonly inputs: readonly string[];
  /** How many transfers at once fetch annexed inputs; `null`: nothing is fetched. */
  readonly transfers: number | null;
  /** Files and folders, relative to the root, whose annexed files are made writable. */
  readonly toUnlock: readonly string[];
  /** Whether it becomes a task of an array, and how many of its tasks may run at once. */
  readonly array: { readonly limit: number | null } | null;
}

/** A row of a table whose submission has not begun, or is under way. */
export interface WaitingJob extends Job {
  /** How it is to be submitted. */
  readonly plan: WaitingPlan;
}

/** A log file of a job, or of one of its tasks. */
export interface LogPattern {
  /** The array task that writes it; `null` for a plain job, or for every task not named otherwise. */
  readonly task: number | null;
  /**
   * Absolute. As scontrol printed it: on some versions with `%4a` and the like still in it, or with
   * 4294967294 where a task index goes. Or, of an array's pending tasks, as sbatch was told it, with `%j`
   * and the like, where what scontrol printed would stand for several files.
   */
  readonly path: string;
}

/** What Slurm told of a job after its submission. */
export interface SubmissionDetails {
  /** StdOut and StdErr, one entry where both are the same file. */
  readonly logs: readonly LogPattern[];
  /**
   * Path of the environment file relative to the dataset's root, or to the job's alternative folder
   * where it has one; `null` if none was written.
   */
  readonly environmentFile: string | null;
  /** Array task IDs (`0-3`); `null` for a job without tasks, or if Slurm did not list all of them. */
  readonly arrayTasks: string | null;
}

/** A job in the store. */
export interface Job extends JobRequest {
  /** Our own number, unique in the store; job IDs are reused by Slurm. */
  readonly key: number;
  /** What the store knows; Slurm's own view of it is the job's state. */
  readonly stage: JobStage;
  /** The process that submits or submitted it, as JSON of its identity: tells a crashed submission from one under way. */
  readonly submitter: string;
  /** Slurm's job ID; `null` while waiting or submitting. `151_3` for a row that is a task of array 151. */
  readonly jobId: string | null;
  /** Slurm cluster, where `sbatch` named one. */
  readonly cluster: string | null;
  /** Milliseconds since 1970 when the submission began, or the wait for it; 0 if it is not known. */
  readonly submittedAtMs: number;
  /** What scontrol told; `null` until it answered. */
  readonly details: SubmissionDetails | null;
  /** Commit built for it, set before the branch moves. */
  readonly commitOid: string | null;
  /** The head that `commitOid` was built on. */
  readonly commitBase: string | null;
  /** Its row of a table, if it was made of one. */
  readonly row: TableRow | null;
}

/** A job that was submitted: it has a job ID. */
export interface SubmittedJob extends Job {
  /** Slurm's job ID, for an array that of the array as a whole; unique only among open jobs. */
  readonly jobId: string;
}

/** Narrows a job of the open stage. */
export function isSubmitted(job: Job): job is SubmittedJob {
  return job.jobId !== null;
}
