import type { Dataset } from "../../datalad/dataset.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import type { OptionsInDataset } from "../command_definition.ts";
import type { CommandContext } from "../context.ts";
import type { WaitingOptions } from "../option_values.ts";

/** What `finish` was asked for. */
export interface FinishOptions extends OptionsInDataset, WaitingOptions {
  /** Wait until the jobs have ended. */
  readonly wait?: boolean | undefined;
  /** Have a job do it once the jobs have ended, and do nothing now. */
  readonly submit?: boolean | undefined;
  /** Options for sbatch with `submit`, as given. */
  readonly sbatchOptions?: readonly string[] | undefined;
  /** The token of the finishing job that this run is. */
  readonly unattended?: string | undefined;
  /** Shell command that is run at the end; absent: the configured one, if nobody is there. */
  readonly notify?: string | undefined;
  /** While waiting, commit jobs as they end. */
  readonly each?: boolean | undefined;
  /** Paragraph of each commit message, before the one that schedule was given. */
  readonly message?: string | undefined;
  /** As typed; empty: all open jobs of this work tree. */
  readonly jobIds: readonly string[];
  /** Further outputs of the one job, as given. */
  readonly output: readonly string[];
  /** Leave jobs that are active alone, which is no failure. */
  readonly ended?: boolean | undefined;
  /** Give failed jobs up: what they wrote stays in the work tree, claimed by nobody. */
  readonly closeFailedJobs?: boolean | undefined;
  /** Commit failed jobs with their state in the subject; takes precedence over `closeFailedJobs`. */
  readonly commitFailedJobs?: boolean | undefined;
  /** Commit the tasks that have completed of named arrays which have failed, and leave their others open. */
  readonly commitCompletedTasks?: boolean | undefined;
  /** Give up those of `jobIds` that Slurm does not know, which may run all the same. */
  readonly closeUnknownJobs?: boolean | undefined;
  /** Commit jobs that Slurm does not know; needs job IDs. */
  readonly commitUnknownJobs?: boolean | undefined;
  /** Leave a job open if there is nothing at one of its claims; otherwise that is a warning. */
  readonly requireOutputs?: boolean | undefined;
  /** Finish a job that completed with nothing at any of its claims; otherwise it stays open. */
  readonly allowNoOutputs?: boolean | undefined;
  /** Show the open jobs and change nothing, whatever else is asked for. */
  readonly listOpenJobs?: boolean | undefined;
  /** Give up the rows of tables that wait for their submission. */
  readonly closeWaitingJobs?: boolean | undefined;
  /** Remove what closed jobs have left and git does not know. */
  readonly discard?: boolean | undefined;
  /** Shape `branches` of the commits. */
  readonly branches?: boolean | undefined;
  /** Pass over in silence that there are no open jobs: there are others elsewhere. */
  readonly saysNothing?: boolean | undefined;
  /** Shape `octopus` of the commits; never together with `branches`. */
  readonly octopus?: boolean | undefined;
}

/** Which open jobs are to be finished, and how. */
export interface FinishOrder {
  /** IDs in place of labels; empty: all. */
  readonly jobIds: readonly string[];
  /** As given. */
  readonly options: FinishOptions;
  /** Leaves others of the jobs as they are, and unmentioned; absent: none. */
  readonly isWanted?: ((job: SubmittedJob) => boolean) | undefined;
}

/** Finishes open jobs once, by what Slurm says about them now. */
export type FinishOnce = (
  dataset: Dataset,
  order: FinishOrder,
  context: CommandContext,
) => Promise<void>;

/** A finish that has its lease. */
export interface LeasedOrder extends FinishOrder {
  /** When it began, milliseconds since 1970 by the clock of the file system. */
  readonly beganMs: number;
}
