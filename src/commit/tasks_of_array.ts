import { escapeBraces } from "../datalad/braces.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { Attempt, JobEnd, SubmissionDetails, SubmittedJob } from "../jobs/job.ts";
import { parseArrayTasks, splitJobId, taskIdOf, tasksOf } from "../jobs/job_id.ts";
import { phaseOf } from "../jobs/job_state.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import { firstOf } from "../session/name_list.ts";
import type { Session } from "../session/session.ts";
import { addSbatchOptions } from "../slurm/add_options.ts";
import type { ArrayTask } from "../store/split_array.ts";
import { SlurmOutputFinder } from "./slurm_outputs.ts";

/** More names than this are counted. */
const MOST_NAMED = 3;

/**
 * Makes jobs of the tasks of an array that was one job and of which some have completed: then each is committed,
 * submitted again or given up by itself. Only where each claim was named with a task's ID when the array was
 * scheduled: whose a file is, is told by nothing else.
 *
 * @param status what Slurm says of the last submission of the array.
 * @returns `undefined` where nothing is to be parted: it is no array, all of it has completed, or nothing of it.
 * @throws {UserError} `SHARED_OUTPUTS` if the claims do not tell, or `USAGE` if the command cannot be given
 * the task; nothing was changed.
 */
export function tasksOfArray(
  dataset: Dataset,
  job: SubmittedJob,
  status: JobStatus,
  session: Session,
): readonly ArrayTask[] | undefined {
  if (splitJobId(job.jobId).arrayTaskId !== null || status.phase === "completed") return undefined;
  const completed = completedTasks(job, status);
  if (completed.size === 0) return undefined;
  const claims = claimsByTask(job);
  const stray = [...completed.keys(), ...tasksIn(job.details)].find((task) => !claims.has(task));
  if (stray !== undefined) {
    throw untold(job, `none of its outputs is that of task ${stray}`);
  }
  const common = { job, status, completed };
  const tasks = [...claims].map(([task, outputs]) => taskOf(task, outputs, common));
  return withoutSharedLogs(dataset, tasks, common, session);
}

/** What all tasks of an array have in common. */
interface ArraySoFar {
  readonly job: SubmittedJob;
  readonly status: JobStatus;
  readonly completed: ReadonlyMap<number, Attempt | undefined>;
}

/** The tasks that have completed, each with the attempt that it did so in; none: the last submission. */
function completedTasks(
  job: SubmittedJob,
  status: JobStatus,
): Map<number, Attempt | undefined> {
  const completed = new Map<number, Attempt | undefined>();
  for (const attempt of job.attempts) {
    if (attempt.completedTasks === "") continue;
    for (const task of parseArrayTasks(attempt.completedTasks)) completed.set(task, attempt);
  }
  for (const [id, state] of status.states) {
    if (phaseOf(state) !== "completed") continue;
    for (const task of tasksOf(job.jobId, id)) completed.set(task, undefined);
  }
  return completed;
}

/** @throws {UserError} `SHARED_OUTPUTS` if a claim is no task's. */
function claimsByTask(job: SubmittedJob): Map<number, string[]> {
  const taskOutputs = job.taskOutputs ?? {};
  const shared = job.outputs.filter((path) => !Object.hasOwn(taskOutputs, path));
  if (shared.length > 0) {
    throw untold(
      job,
      `it is unclear which of its tasks wrote what is in ${firstOf(shared, MOST_NAMED)}`,
    );
  }
  const claims = new Map<number, string[]>();
  for (const path of job.outputs) {
    const task = taskOutputs[path]!;
    claims.getOrInsert(task, []).push(path);
  }
  return claims;
}

function untold({ jobId }: SubmittedJob, reason: string): UserError {
  return new UserError(
    "SHARED_OUTPUTS",
    `Cannot commit the completed tasks of job ${jobId} alone: ${reason}`,
    {
      unchanged: "Nothing of it was committed, the job stays open",
      hint:
        `dlslurm retry ${jobId} repeats the tasks that failed, and finish commits the whole; next time ` +
        "name the outputs of tasks: schedule -o 'results/{task}', with --per-task for a commit each",
    },
  );
}

function tasksIn(details: SubmissionDetails | null): readonly number[] {
  return details?.arrayTasks ? parseArrayTasks(details.arrayTasks) : [];
}

function taskOf(
  task: number,
  outputs: readonly string[],
  { job, completed }: ArraySoFar,
): ArrayTask {
  const last = completed.get(task);
  const earlier = last === undefined
    ? job.attempts
    : job.attempts.slice(0, job.attempts.indexOf(last));
  const submission = last === undefined ? job : { ...last, sbatchOptions: last.options };
  return {
    task,
    jobId: taskIdOf(submission.jobId, task),
    cmd: commandOfTask(job, submission.cmd, task),
    outputs,
    details: detailsOfTask(submission.details, task),
    isOfLast: last === undefined,
    attempts: earlier.map((attempt) => ({
      ...attempt,
      jobId: taskIdOf(attempt.jobId, task),
      cmd: commandOfTask(job, attempt.cmd, task),
      details: detailsOfTask(attempt.details, task),
      arrayTask: task,
      end: endOfTask(attempt.end),
    })),
    submission,
  };
}

/** @throws {UserError} `USAGE` */
function commandOfTask({ jobId }: SubmittedJob, command: string, task: number): string {
  try {
    return addSbatchOptions(command, [`--array=${task}`], escapeBraces);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(
      "USAGE",
      `Cannot part job ${jobId} into its tasks: of its command "${command}" ${error.message}`,
      { unchanged: "The job stays open", hint: `dlslurm retry ${jobId}, then dlslurm finish` },
    );
  }
}

function detailsOfTask(details: SubmissionDetails | null, task: number): SubmissionDetails | null {
  if (details === null) return null;
  const own = details.logs.filter((log) => log.task === task);
  return {
    ...details,
    // Tasks that were pending when scontrol was asked share the array's pattern.
    logs: own.length > 0 ? own : details.logs.filter((log) => log.task === null),
    arrayTasks: String(task),
  };
}

/** Of the tasks of an earlier submission only what holds of all that failed is known of each. */
function endOfTask(end: JobEnd): JobEnd {
  const failed = Object.keys(end.counts).filter((state) => phaseOf(state) !== "completed");
  const state = failed.length === 1 ? failed[0]! : "";
  return { ...end, state, counts: { [state]: 1 }, exitCode: "", elapsed: "" };
}

/**
 * Takes logs that several tasks wrote to from those that have completed: failed ones may have written to them, too.
 * They stay with the others.
 */
function withoutSharedLogs(
  dataset: Dataset,
  tasks: readonly ArrayTask[],
  { job, status, completed }: ArraySoFar,
  session: Session,
): ArrayTask[] {
  const finder = new SlurmOutputFinder(dataset);
  const logsOf = ({ details, ...task }: ArrayTask) =>
    new Set(
      (details?.logs ?? []).flatMap((log) =>
        finder.find(
          {
            ...job,
            jobId: task.jobId,
            details: { ...details!, logs: [log], environmentFile: null },
            attempts: [],
          },
          completed.get(task.task) === undefined ? status : undefined,
        ).map((path) => ({ log, path }))
      ),
    );
  const found = new Map(tasks.map((task) => [task, [...logsOf(task)]]));
  const users = Map.groupBy(
    [...found].flatMap(([task, logs]) => logs.map(({ path }) => ({ path, task }))),
    ({ path }) => path,
  );
  const isShared = (path: string) => users.get(path)!.length > 1;
  const shared = new Set<string>();
  const parted = tasks.map((task) => {
    if (!completed.has(task.task) || task.details === null) return task;
    const others = found.get(task)!.filter(({ path }) => isShared(path));
    for (const { path } of others) shared.add(path);
    const logs = task.details.logs.filter((log) => !others.some((each) => each.log === log));
    return { ...task, details: { ...task.details, logs } };
  });
  if (shared.size > 0) {
    session.warn(
      `left out of the commits of completed tasks, since several tasks of job ${job.jobId} wrote to it: ` +
        firstOf([...shared], MOST_NAMED),
    );
  }
  return parted;
}
