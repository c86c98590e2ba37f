/**
 * What is needed to submit a failed job again.
 *
 * A *retry* is the plan of its next attempt: the same command with further options of sbatch. To *grow* is to ask
 * for more of what it ran out of, time or memory. To *clear* its claims is to move away what the failed attempt
 * has left there. Of an array that is one job only the tasks that did not complete are repeated.
 *
 * @module
 */

import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { escapeBraces } from "../../datalad/braces.ts";
import { lstatIfPresent } from "../../fs/if_present.ts";
import { UserError } from "../../errors.ts";
import { splitJobId } from "../../jobs/job_id.ts";
import { parseArrayTasks, renderTaskList } from "../../jobs/job_id.ts";
import type { SubmittedJob, WaitingPlan } from "../../jobs/job.ts";
import type { JobStatus } from "../../jobs/job_status.ts";
import { phaseOf } from "../../jobs/job_state.ts";
import { summaryOf } from "../../jobs/job_summary.ts";
import { addSbatchOptions, withoutSbatchOption } from "../../slurm/add_options.ts";
import type { Retry } from "../../store/retries.ts";
import type { OpenJobs } from "../awaited_inputs.ts";
import { requirePlace } from "../command_place.ts";
import { planSubmission } from "../plan_submission.ts";
import type { CommandToSubmit, Predecessors } from "../plan_submission.ts";

/** What is the same for all jobs that are submitted again together. */
export interface RetryOptions {
  /** Further options of sbatch. */
  readonly sbatchOptions: readonly string[];
  /** Knows of open jobs, this one left out. */
  readonly openJobs: OpenJobs;
  /** What the job is to wait for by now. */
  readonly after: Predecessors;
}

/**
 * Plans a failed job's next submission: as it was planned, with further options of sbatch. Of an array that
 * is one job only the tasks that did not complete are submitted.
 *
 * @throws {UserError} As {@linkcode planSubmission}, or `USAGE` if the command cannot be given options;
 * nothing was changed.
 */
export async function planRetry(
  dataset: Dataset,
  job: SubmittedJob,
  status: JobStatus,
  options: RetryOptions,
): Promise<Retry> {
  const { sbatchOptions, openJobs } = options;
  await requireNoClone(job);
  const command = await commandOf(dataset, job, options);
  const { request, ...prepared } = await planSubmission(dataset, command, {
    ...{ onInstall: null, openJobs },
  });
  const { failed, completed } = splitTasks(job, status);
  const { arrayTaskId: task } = splitJobId(job.jobId);
  const isOwnTask = task !== null && job.row === null;
  const plan: WaitingPlan = {
    ...prepared,
    command: isOwnTask
      // What all tasks of the array have in common: those that are submitted together are one array.
      ? withoutSbatchOption(prepared.command, `--array=${task}`)
      : failed === ""
      ? prepared.command
      : withOptions(job, prepared.command, [`--array=${failed}`], (text) => text),
    // A row that was the task of an array is one again.
    array: task === null ? null : isOwnTask ? { limit: null, task, of: 0 } : { limit: null },
  };
  return {
    jobKey: job.jobKey,
    jobId: job.jobId,
    end: summaryOf(job.jobId, status),
    completedTasks: completed,
    details: job.details,
    plan,
    cmd: command.cmd,
    after: request.after ?? [],
    options: sbatchOptions,
  };
}

/** The command of a job as it was planned, with further options of sbatch. */
async function commandOf(
  dataset: Dataset,
  job: SubmittedJob,
  options: RetryOptions,
): Promise<CommandToSubmit> {
  const { inputs, extraInputs, message, chain, row, rescheduledJobId, label = null } = job;
  const directory = join(dataset.root, job.pwd);
  return {
    ...{ inputs, extraInputs, message, chain, row, rescheduledJobId, label },
    place: await requirePlace(dataset, directory, job.altDir ?? undefined, dataset.root),
    cmd: withOptions(job, job.cmd, options.sbatchOptions),
    // They are resolved: a brace is part of a name.
    outputs: job.outputs.map(escapeBraces),
    outputsFrom: dataset.root,
    expandsInputs: false,
    after: options.after,
  };
}

/** The tasks of an array that is one job, as expressions of sbatch; both empty for all other jobs. */
function splitTasks(
  job: SubmittedJob,
  status: JobStatus,
): { readonly failed: string; readonly completed: string } {
  const failed: number[] = [];
  const completed: number[] = [];
  for (const [id, state] of status.states) {
    if (!id.startsWith(`${job.jobId}_`)) continue;
    // Tasks that were cancelled before they began may stand together: 151_[5-9].
    const tasks = parseArrayTasks(id.slice(job.jobId.length + 1).replace(/^\[(.*)\]$/, "$1"));
    (phaseOf(state) === "completed" ? completed : failed).push(...tasks);
  }
  return { failed: renderTaskList(failed), completed: renderTaskList(completed) };
}

function withOptions(
  job: SubmittedJob,
  command: string,
  options: readonly string[],
  escape: (text: string) => string = escapeBraces,
): string {
  try {
    return addSbatchOptions(command, options, escape);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(
      "USAGE",
      `Cannot submit job ${job.jobId} again with ${
        options.join(" ")
      }: of its command "${command}" ${error.message}`,
      {
        unchanged: "Nothing was submitted",
        hint:
          `dlslurm finish ${job.jobId} --close-failed-jobs, then schedule the command that you want`,
      },
    );
  }
}

/**
 * @throws {UserError} `BAD_ALT_DIR` for a job that was handed over by a clone and runs there: inputs would be copied
 * over somebody's files.
 */
async function requireNoClone({ jobId, altDir }: SubmittedJob): Promise<void> {
  if (altDir === null || await lstatIfPresent(join(altDir, ".git")) === undefined) return;
  throw new UserError(
    "BAD_ALT_DIR",
    `Cannot submit job ${jobId} again: it runs in "${altDir}", which is another clone`,
    {
      hint:
        `give it up and submit it here: dlslurm finish ${jobId} --close-failed-jobs; or hand it back: ` +
        `dlslurm handover ${jobId} -o FILE`,
    },
  );
}
