/**
 * The domain: jobs, their claims, and what Slurm says of them. Nothing here does I/O.
 *
 * A *job* is one submission that becomes one commit: a plain job, an array as a whole, or one row of a table. Its
 * *stage* is where it stands in our books, its *state* is Slurm's word, and a *status* sums up the states of its
 * tasks; the *phase* of a state says what follows from it: active, completed, failed, unknown. An *entry* is one
 * line that Slurm printed of it. *Evidence* is what its record proves beside the command.
 *
 * @module
 */

import type { PredecessorEvidence } from "./evidence.ts";

/**
 * Where a job can stand in our books: `submitting → open → finished | closed`. A row of a table begins
 * as `waiting`: it holds its claims, and its submission has not begun. One that is `handed_over` is another
 * clone's: it holds its claims here, since it writes here.
 */
export const JOB_STAGES = [
  ...["waiting", "submitting", "open", "handed_over", "finished", "closed"] as const,
] as const;

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
  /** What it needs beside them, a container's image for one: as they are, but no placeholder stands for it. */
  readonly extraInputs: readonly string[];
  /** The claims, relative to the dataset's root, normalised. */
  readonly outputs: readonly string[];
  /** Folder that it runs in instead of the dataset, absolute, links resolved; `null` without one. */
  readonly altDir: string | null;
  /** Job ID of the run that this one repeats. */
  readonly rescheduledJobId: string | null;
  /** The name that the user gave it; jobs may share one. */
  readonly label?: string | null;
  /** The jobs that it was made to wait for, also those that had ended by then. */
  readonly after?: readonly PredecessorEvidence[];
  /** Name of the linked worktree it was scheduled in; empty for the main one. */
  readonly worktree: string;
  /** The row of a table that it was made of; `cmd` and paths have its values filled in. */
  readonly row?: TableRow | null;
  /** Of an array that is one job, the claims that were named with a task's ID, each with that task. */
  readonly taskOutputs?: Readonly<Record<string, number>> | null;
}

/** A command that is ready to be submitted, and what is prepared for it. */
export interface CommandPlan {
  /** The shell command line with placeholders filled in. */
  readonly command: string;
  /** Where it runs, absolute. */
  readonly directory: string;
  /** What it reads, relative to the root. */
  readonly inputs: readonly string[];
  /** Those of them that no placeholder stands for: the job's extra inputs. */
  readonly extra?: readonly string[];
  /** Those of them that are not there yet: jobs that the command waits for will write them. */
  readonly awaited?: readonly string[];
  /** How many transfers at once fetch annexed inputs; `null`: nothing is fetched. */
  readonly transfers: number | null;
  /** Files and folders, relative to the root, whose annexed files are made writable. */
  readonly toUnlock: readonly string[];
}

/** How a row of a table is to be submitted: all that was decided when the table was read. */
export interface WaitingPlan extends CommandPlan {
  /**
   * Whether it becomes a task of an array, and how many of its tasks may run at once. With `task` the command
   * itself asks for an array of `of` tasks, and this is the one with that ID.
   */
  readonly array: {
    readonly limit: number | null;
    readonly task?: number;
    readonly of?: number;
  } | null;
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
  /** Array task IDs (`0-3`); `null` for a job without tasks, or if they are not known. */
  readonly arrayTasks: string | null;
  /** Whether it is not known which tasks it has, or whether it has any. Absent: it is. */
  readonly areTasksUnknown?: boolean;
  /**
   * Of a heterogeneous job the own job ID of each component, the first one's is the job's; `null` where only
   * the number of components is known. Absent for all else.
   */
  readonly components?: readonly (string | null)[];
  /**
   * Whether an array may have more tasks than those: slurmctld was asked late, and may have forgotten tasks that
   * had ended. Absent: it has not.
   */
  readonly mayHaveMoreTasks?: boolean;
  /**
   * When it was submitted by Slurm's own clock, seconds since 1970: with the job ID it tells the job from
   * all others, as long as it is not requeued. `null` or absent if it was not told in time.
   */
  readonly submitS?: number | null;
  /** Slurm's job name, free text; `null` or absent if it was not told. */
  readonly jobName?: string | null;
  /** Name of the user who submitted it; `null` or absent if it was not told. Never part of a record. */
  readonly user?: string | null;
}

/** How a job ended, as Slurm told when it was finished or closed. */
export interface JobEnd {
  /** The common state of its tasks, or what is to be said of the array as a whole. */
  readonly state: string;
  /** How many tasks were in each state; one in all for a plain job. */
  readonly counts: Readonly<Record<string, number>>;
  /** `code:signal`; of an array the first that is not `0:0`. Empty if it is not known. */
  readonly exitCode: string;
  /** `[days-]hh:mm:ss`; of an array the longest. Empty if it is not known. */
  readonly elapsed: string;
  /** `[days-]hh:mm:ss` or Slurm's word. Empty if it is not known. */
  readonly timeLimit: string;
  /** When the last of its tasks ended, by Slurm's clock in seconds since 1970; `null` if not known. */
  readonly endS: number | null;
}

/**
 * A submission of a job that failed: what the record says about it, and what restores it if the one that was to follow
 * certainly was not submitted.
 */
export interface Attempt {
  /** Slurm's job ID, as {@linkcode Job.jobId}. */
  readonly jobId: string;
  /** As {@linkcode Job.cluster}. */
  readonly cluster: string | null;
  /** As {@linkcode Job.submitter}. */
  readonly submitter: string;
  /** As {@linkcode Job.submittedAtMs}. */
  readonly submittedAtMs: number;
  /** As {@linkcode Job.acceptedAtMs}. */
  readonly acceptedAtMs: number | null;
  /** As {@linkcode Job.reusedFromS}. */
  readonly reusedFromS: number | null;
  /** As {@linkcode Job.details}. */
  readonly details: SubmissionDetails | null;
  /** The command as it was submitted then, placeholders unexpanded. */
  readonly cmd: string;
  /** The options of sbatch that it had been given for this attempt. */
  readonly options: readonly string[];
  /** The array task that a row of a table was; `null` for all others. */
  readonly arrayTask: number | null;
  /** The first of the rows that shared its submission, by key; `null` where it had its own. */
  readonly submissionKey: number | null;
  /** How it ended. */
  readonly end: JobEnd;
  /** Of an array the tasks that completed in it, `0-2,5`; the others were repeated. Empty for all else. */
  readonly completedTasks: string;
  /** What the job waited for then, as {@linkcode JobRequest.after}; absent where an older version noted it. */
  readonly after?: readonly PredecessorEvidence[];
}

/** How a job went to another clone. */
export interface Handover {
  /** Tells this handover of the job from all others. */
  readonly token: string;
  /** The file that it was written to, absolute. */
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Git's common directory of the clone that has adopted it; absent as long as none has said so. */
  readonly adoptedBy?: string;
}

/** A job in the store. */
export interface Job extends JobRequest {
  /** Our own number, unique in the store; job IDs are reused by Slurm. */
  readonly jobKey: number;
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
  /** Milliseconds since 1970 when its receipt was stored; `null` if it is not known. */
  readonly acceptedAtMs: number | null;
  /** What scontrol told; `null` until it answered. */
  readonly details: SubmissionDetails | null;
  /**
   * What Slurm has submitted under its ID from then on, by Slurm's clock in seconds since 1970, is a later
   * job of ours; `null` if none is known.
   */
  readonly reusedFromS: number | null;
  /** How it ended, once it was finished or closed; `null` if unknown. */
  readonly end: JobEnd | null;
  /** Milliseconds since 1970 when it was finished or closed here; absent for one that was not. */
  readonly endedAtMs?: number;
  /** Commit built for it, set before the branch moves. */
  readonly commitOid: string | null;
  /** The head that `commitOid` was built on. */
  readonly commitBase: string | null;
  /** Its row of a table, if it was made of one. */
  readonly row: TableRow | null;
  /** Its submissions that failed before this one, oldest first. */
  readonly attempts: readonly Attempt[];
  /** The options of sbatch that it was given when it was submitted again; empty for the first attempt. */
  readonly sbatchOptions: readonly string[];
  /** Where it went; absent for a job that was not handed over. */
  readonly handover?: Handover;
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
