import { type TimeLimit } from "./clock_text.ts";
import type { ProcessIdentity } from "./process_identity.ts";
import type { JobSpec } from "./job_spec.ts";
import type { JobState } from "./job_state.ts";

/** One job, or one task of an array, as it stands in the table. */
export interface Task {
  /** Key in the table; negative for a row that only accounting has. */
  readonly row: number;
  /** The job ID that sbatch printed: the array's for all its tasks. */
  readonly baseId: number;
  /** Index in the array; `null` for a job that is no array. */
  readonly taskIndex: number | null;
  /** Raw job ID; `null` while the task waits in its array's common rest. */
  readonly jobId: number | null;
  /** `scontrol update` may have changed it since the submission. */
  readonly name: string;
  /** As accounting has it: COMPLETING is the controller's view only. */
  readonly state: JobState;
  /** Why it waits or ended so, in 22.05's words; `None` if nothing is to be said. */
  readonly reason: string;
  /** Who holds it back: nobody, its user, or a requeue. */
  readonly hold: "" | "user" | "admin";
  /** `--dependency` as given; `null` without one, and once it is fulfilled. */
  readonly dependency: string | null;
  /** Does not start before: milliseconds since the epoch, as are the other times. */
  readonly beginMs: number | null;
  /** Minutes, or `null` for no limit. */
  readonly timeLimit: TimeLimit;
  /** What it asks for in all. */
  readonly cpus: number;
  /** When it was submitted, or last requeued. */
  readonly submitMs: number;
  /** When nothing but the lack of resources could hold it any more; `null` before that is known. */
  readonly eligibleMs: number | null;
  /** Start of this run; also set where a job ended for a dependency without any. */
  readonly startMs: number | null;
  /** `null` until it ended. */
  readonly endMs: number | null;
  /** What stands before the colon of scontrol's `ExitCode`; means nothing until the job ended. */
  readonly exitCode: number;
  /** What stands behind that colon: a signal's number, or Slurm's own 53 and 125. */
  readonly exitSignal: number;
  /** State of the `.batch` step; `null` before it started. */
  readonly batchState: JobState | null;
  /** Exit status of that step: the script's own, whatever became of the job. */
  readonly batchCode: number;
  /** The signal that ended that step, or 125 where memory ran out; otherwise 0. */
  readonly batchSignal: number;
  /** The state it will end in once the signal has done its work; `null` unless it is being ended. */
  readonly killState: JobState | null;
  /** When that signal was first sent; SIGKILL follows if it does not help. */
  readonly killSignalledMs: number | null;
  /** User ID of who cancelled it, for `CANCELLED by 1000`. */
  readonly cancelledBy: number | null;
  /** How often it has been requeued: SLURM_RESTART_COUNT. */
  readonly restarts: number;
  /** An earlier run of a job that was requeued: only sacct --duplicates shows it. */
  readonly superseded: boolean;
  /** Leads the session in which the script runs; `null` before it does, and after. */
  readonly process: ProcessIdentity | null;
  /** Shared by all tasks of an array. */
  readonly spec: JobSpec;
}

/** What a submission sets. */
export interface NewJob
  extends Pick<Task, "spec" | "name" | "dependency" | "beginMs" | "timeLimit"> {
  /** The batch script, byte by byte. */
  readonly script: Uint8Array;
  /** The whole environment of sbatch; what of it the job sees is decided when it starts. */
  readonly env: Readonly<Record<string, string>>;
  /** By `--hold` or `--priority=0`: it waits for `scontrol release`. */
  readonly held: boolean;
  /** Time of the submission, in milliseconds since the epoch. */
  readonly nowMs: number;
}

/** Changes to one task; what is absent stays. */
export type TaskChange = Partial<
  Omit<Task, "row" | "baseId" | "taskIndex" | "cpus" | "superseded" | "spec">
>;
