import { UserError } from "../errors.ts";
import { hintForHolder } from "../claims/output_conflict.ts";
import type { PredecessorEvidence } from "../jobs/evidence.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { Job, SubmittedJob } from "../jobs/job.ts";
import { isJobOrTaskOf, splitJobId } from "../jobs/job_id.ts";
import { phaseOf } from "../jobs/job_state.ts";
import type { Phase } from "../jobs/job_state.ts";
import type { JobStatus } from "../jobs/job_status.ts";
import type { PredecessorName } from "../jobs/label.ts";
import type { JobStore } from "../store/job_store.ts";
import type { JobsBehind } from "./jobs_behind.ts";
import type { Predecessors } from "./plan_submission.ts";

/** What a name stands for of those that `--after` takes. */
export interface FoundPredecessor extends PredecessorName, JobsBehind {}

/**
 * Decides which of the jobs that a name stands for have to be waited for, and by which IDs.
 *
 * @param statuses what Slurm says of those that are open, by key; what is not in it is not known.
 * @throws {UserError} `BAD_DEPENDENCY` for a job without an ID, and for one that would be waited for in vain.
 */
export function judgePredecessor(
  store: JobStore,
  { jobs, type, name, taskId, isCompletedTask = false }: FoundPredecessor,
  statuses: ReadonlyMap<number, JobStatus>,
): Predecessors {
  const evidence = ({ jobId, label, cluster }: SubmittedJob): PredecessorEvidence => ({
    jobId: taskId ?? jobId,
    ...(label ? { label } : {}),
    type,
    ...(cluster === null ? {} : { cluster }),
  });
  if (isCompletedTask) return { open: [], ended: jobs.filter(isSubmitted).map(evidence) };
  const [open, ended]: [SubmittedJob[], SubmittedJob[]] = [[], []];
  for (const job of jobs) {
    if (!isSubmitted(job)) throw notSubmitted(name, job);
    const status = statuses.get(job.jobKey);
    const isOpen = job.stage === "open";
    const { phases, state } = isOpen ? endOf(status, taskId) : endOfEnded(job, taskId);
    if (isInVain(type, phases)) throw inVain({ ...job, jobId: taskId ?? job.jobId }, state);
    (isOpen ? open : ended).push(job);
  }
  return { open: wholeArrays(store, open).map(evidence), ended: ended.map(evidence) };
}

interface KnownEnd {
  /** Of each task, as far as they are known. */
  readonly phases: readonly Phase[];
  /** Of the whole, for a person. */
  readonly state: string | undefined;
}

/** How an open job stands, or one task of it. */
function endOf(status: JobStatus | undefined, taskId: string | undefined): KnownEnd {
  if (taskId === undefined) {
    const states = [...status?.states ?? []];
    const failed = states.find(([, state]) => phaseOf(state) === "failed");
    const isOver = status?.phase === "failed" || status?.phase === "completed";
    return {
      phases: states.map(([, state]) => phaseOf(state)),
      state: isOver || failed === undefined ? status?.groupState : `${failed[1]} (${failed[0]})`,
    };
  }
  const state = status?.states.get(taskId);
  return { phases: state === undefined ? [] : [phaseOf(state)], state };
}

/** A job that finish has committed counts as it ended; for an array, the store does not say which task failed. */
function endOfEnded({ stage, end }: Job, taskId: string | undefined): KnownEnd {
  const state = end?.state;
  if (stage === "closed") return { phases: ["failed"], state };
  if (state === "COMPLETED") return { phases: ["completed"], state };
  return { phases: state === undefined || taskId !== undefined ? [] : ["failed"], state };
}

/** Whether a condition can never be met, or Slurm would take it for met once it has forgotten the job. */
function isInVain(type: PredecessorName["type"], phases: readonly Phase[]): boolean {
  if (type === "afterany") return false;
  // One task is enough, whatever the others do.
  if (type === "afterok") return phases.includes("failed");
  const vain = type === "afternotok" ? "completed" : "failed";
  return phases.length > 0 && phases.every((phase) => phase === vain);
}

function inVain({ jobId, label, stage }: SubmittedJob, state: string | undefined): UserError {
  const isOpen = stage === "open";
  const how = stage === "closed"
    ? `was closed${state === undefined ? "" : ` (${state})`}`
    : `has ended as ${state ?? "FAILED"}`;
  return new UserError(
    "BAD_DEPENDENCY",
    `Cannot wait for job ${jobId}${label ? ` (${label})` : ""}: it ${how}`,
    {
      unchanged: "No job was submitted",
      hint: state === "COMPLETED"
        ? "what waits for a failure has nothing to do"
        : isOpen
        ? `dlslurm finish ${jobId} --close-failed-jobs, then submit it again; --after any:${
          label ?? jobId
        } takes whatever end`
        : "submit it again first; without --after nothing is waited for",
    },
  );
}

function notSubmitted(name: string, job: Job): UserError {
  return new UserError(
    "BAD_DEPENDENCY",
    `Cannot wait for "${name}": a job with that label ${
      job.stage === "waiting" ? "waits for its submission" : "is being submitted"
    }, and has no job ID`,
    { unchanged: "No job was submitted", hint: hintForHolder(job) },
  );
}

/** Names the array in place of all its tasks: a thousand IDs would make a long command line. */
function wholeArrays(store: JobStore, jobs: readonly SubmittedJob[]): SubmittedJob[] {
  const groups = Map.groupBy(jobs, ({ jobId }) => splitJobId(jobId).submittedId);
  return [...groups].flatMap(([submittedId, tasks]) => {
    if (tasks.length < 2) return tasks;
    const keys = new Set(tasks.map(({ jobKey }) => jobKey));
    const others = store.listing.withAnyId(submittedId).filter(({ jobKey }) => !keys.has(jobKey));
    // One that was closed, or has another ID since, has failed there, and would have the whole array fail.
    const isWhole = others.every(({ stage, jobId }) =>
      stage === "finished" && isJobOrTaskOf(jobId, submittedId)
    );
    if (!isWhole) return tasks;
    const labels = new Set(tasks.map(({ label }) => label));
    return [{
      ...tasks[0]!,
      jobId: submittedId,
      label: labels.size === 1 ? tasks[0]!.label! : null,
    }];
  });
}
