import type { END_STATES, JobRule, JobTrouble, Scenario } from "./scenario.ts";

/** What there is to know of a run of a job that may be in for trouble. */
export interface TroubledRun {
  /** How often it has been requeued before. */
  readonly restarts: number;
  /** Index in its array, or `null`. */
  readonly taskIndex: number | null;
  /** `null` until it ended. */
  readonly endMs: number | null;
  /** `null` if it never ran. */
  readonly batchState: string | null;
  /** What it was submitted with. */
  readonly spec: {
    /** What {@linkcode troublesFor} gave. */
    readonly troubles: readonly JobTrouble[];
  };
}

/** A trouble that says how a run ends. */
export type EndTrouble = JobTrouble & { readonly state: typeof END_STATES[number] };

/** Picks what will befall a submission; the job keeps it, whatever becomes of the scenario. */
export function troublesFor(
  scenario: Scenario,
  submission: { readonly name: string; readonly jobId: number; readonly order: number },
): JobTrouble[] {
  const concerns = ({ name, jobId, order }: JobRule) =>
    (name ?? submission.name) === submission.name &&
    (jobId ?? submission.jobId) === submission.jobId &&
    (order ?? submission.order) === submission.order;
  return scenario.jobs.filter(concerns)
    .map(({ name: _name, jobId: _jobId, order: _order, ...trouble }) => trouble);
}

/** How this run of `task` is to end, or `undefined` if as it likes. */
export function endTroubleOf(task: TroubledRun): EndTrouble | undefined {
  const runsBefore = task.restarts;
  return troublesOf(task).find((trouble): trouble is EndTrouble =>
    trouble.state !== undefined && runsBefore < (trouble.runs ?? (trouble.requeue ? 1 : Infinity))
  );
}

/** Until when the controller shows an ended task as COMPLETING, in milliseconds since the epoch. */
export function completingUntil(task: TroubledRun): number {
  if (task.endMs === null || task.batchState === null) return 0;
  const seconds = Math.max(0, ...troublesOf(task).map((one) => one.completingSeconds ?? 0));
  return seconds === 0 ? 0 : task.endMs + seconds * 1000;
}

/** From when on accounting knows nothing of an ended task any more. */
export function purgedFrom(task: TroubledRun): number {
  const seconds = troublesOf(task).flatMap((one) => one.purgedAfterSeconds ?? []);
  if (task.endMs === null || seconds.length === 0) return Infinity;
  return task.endMs + Math.min(...seconds) * 1000;
}

function troublesOf(task: TroubledRun): JobTrouble[] {
  return task.spec.troubles.filter(({ taskIndex }) =>
    taskIndex === undefined || taskIndex === task.taskIndex
  );
}
