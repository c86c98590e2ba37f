import { isInside } from "../../paths/root_paths.ts";
import { isAbsolute, join, relative } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { PredecessorEvidence } from "../../jobs/evidence.ts";
import { isSubmitted } from "../../jobs/job.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { isJobOrTaskOf, splitJobId } from "../../jobs/job_id.ts";
import { isLabel } from "../../jobs/label.ts";
import { jobIdsOf } from "../../provenance/recorded_runs.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import type { ChainedRun } from "../../provenance/run_chains.ts";
import { addJobs, jobsIn, predecessorsIn, replaceJobs } from "../../slurm/dependency.ts";
import type { JobStore } from "../../store/job_store.ts";
import { doConflict, nameOfHolder } from "../../claims/output_conflict.ts";
import { findOvertaken, NO_OPEN_JOBS, openJobsIn } from "../../submit/awaited_inputs.ts";
import type { AbsentInput, OpenJobs } from "../../submit/awaited_inputs.ts";
import {
  cannotWait,
  dependencyOfCommand,
  withDependency,
} from "../../submit/command_dependency.ts";
import type { CommandPlace } from "../../submit/command_place.ts";
import { jobsBehind } from "../../submit/jobs_behind.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";
import { firstOf } from "../../session/name_list.ts";
import type { Session } from "../../session/session.ts";
import type { PlannedRepeat } from "./changed_inputs.ts";

/** A recorded job that is to run again. */
export interface PlannedRun extends PlannedRepeat {
  /** Its record, and what it follows. */
  readonly chained: ChainedRun;
  /** Where it runs. */
  readonly place: CommandPlace;
}

/** A command as it is to be submitted, behind those that it follows. */
export interface FollowingCommand {
  /** With a dependency on the new jobs. */
  readonly command: string;
  /** The jobs that it waits for. */
  readonly after: readonly PredecessorEvidence[];
  /** Jobs of the recorded dependency that ended long ago: nothing waits for them. */
  readonly dropped: readonly string[];
}

/** More names than this are counted. */
const MOST_NAMES = 5;

/** The jobs of one call of reschedule, and which new ones have taken their places. */
export class RepeatCall {
  /** Those of other calls; none without a store. */
  readonly openJobs: OpenJobs;
  readonly #store: JobStore | undefined;
  readonly #worktree: string;
  readonly #ids = new Map<ChainedRun, string>();
  /** Open jobs that repeat a recorded one, by the job ID of that. */
  #repeats: ReadonlyMap<string, SubmittedJob> | undefined;

  /** Begins a call; without a store only its own jobs are known. */
  constructor({ worktree }: Dataset, store: JobStore | undefined) {
    this.#store = store;
    this.#worktree = worktree;
    this.openJobs = store === undefined ? NO_OPEN_JOBS : openJobsIn(() => store, worktree);
  }

  /** Notes the job that repeats a run: those that follow it will wait for this one. */
  note(chained: ChainedRun, jobId: string): void {
    this.#ids.set(chained, jobId);
  }

  /**
   * Finds the runs whose re-submissions are open already: an earlier call was cut short, or nobody has
   * finished them yet. They are noted.
   */
  noteOpen(chained: readonly ChainedRun[]): ReadonlyMap<ChainedRun, string> {
    const open = new Map<string, string>();
    for (const job of this.#store?.listOpen(this.#worktree) ?? []) {
      const repeated = job.chain.at(-1);
      if (repeated !== undefined) open.set(repeated, job.jobId);
    }
    for (const each of chained) {
      const jobId = [...each.earlier, each.run].map(({ commit }) => open.get(commit.oid))
        .findLast((found) => found !== undefined);
      if (jobId !== undefined) this.#ids.set(each, jobId);
    }
    return new Map(this.#ids);
  }

  /** Whether a run follows one of this call that will write an input which is not there yet. */
  writesBefore(chained: ChainedRun): (input: AbsentInput) => boolean {
    const claims = chained.follows.flatMap(({ chained: { run } }) => claimsOf(run));
    return ({ place }) => claims.some((claim) => doConflict(claim, place));
  }

  /**
   * Requires that no open job will write what a run reads, but those that it waits for.
   *
   * @throws {UserError} `INPUT_CLAIMED`
   */
  async requireSettledInputs(
    chained: ChainedRun,
    plan: SubmissionPlan,
    place: CommandPlace,
  ): Promise<void> {
    const present = plan.inputs.filter((path) => !plan.awaited?.includes(path));
    const known = chained.follows.filter((each) => this.#ids.has(each.chained));
    const { command } = await this.#follow({ ...chained, follows: known }, plan, place);
    const [overtaken] = await findOvertaken(present, command, place, this.openJobs);
    if (overtaken === undefined) return;
    const { path, writer } = overtaken;
    throw new UserError(
      "INPUT_CLAIMED",
      `Cannot submit it again: ${
        nameOfHolder(writer)
      } will write its input "${path}", and is not ` +
        "one of the jobs that it waits for",
      {
        unchanged: "No job was submitted",
        hint: writer.jobId === null
          ? "dlslurm list shows it; once it is finished, run the same command again"
          : `once that has ended: dlslurm finish ${writer.jobId}, then run the same command again`,
      },
    );
  }

  /**
   * The command of a run behind the new jobs of those that it follows.
   *
   * @throws {UserError} `BAD_DEPENDENCY` if one of them was not submitted, or it cannot be made to wait.
   */
  async follow(
    chained: ChainedRun,
    plan: SubmissionPlan,
    place: CommandPlace,
  ): Promise<FollowingCommand> {
    const missing = chained.follows.find((each) => !this.#ids.has(each.chained));
    if (missing !== undefined) {
      throw new UserError(
        "BAD_DEPENDENCY",
        `Cannot submit it again: it comes after job ${missing.chained.run.record.slurmJobId}, which was ` +
          "not submitted again",
        {
          unchanged: "No job was submitted",
          hint: "submit that one first, then run the same command again",
        },
      );
    }
    return await this.#follow(chained, plan, place);
  }

  async #follow(
    chained: ChainedRun,
    { command }: SubmissionPlan,
    place: Pick<CommandPlace, "runsIn" | "directory">,
  ): Promise<FollowingCommand> {
    const own = await dependencyOfCommand(command, place);
    const dropped: string[] = [];
    const replaced = replaceJobs(own.text ?? "", (jobId) => {
      const ids = this.#newIdsOf(chained, jobId);
      if (ids.length === 0) dropped.push(jobId);
      return ids;
    });
    const further = this.#furtherOf(chained).filter(({ jobId }) =>
      !jobsIn(replaced).includes(jobId)
    );
    const dependency = await this.#join(command, replaced, further);
    const changed = dependency === (own.text ?? "")
      ? command
      : await withDependency(command, dependency, further, place);
    const labels = new Map(further.map(({ jobId, label }) => [jobId, label]));
    for (const { chained: { run } } of chained.follows) {
      const label = run.record.evidence?.submission?.label;
      for (const id of this.#newIdsOf(chained, run.record.slurmJobId)) labels.set(id, label);
    }
    const after = predecessorsIn(dependency).map((each) => {
      const label = labels.get(each.jobId);
      return label === undefined ? each : { jobId: each.jobId, label, type: each.type! };
    });
    return { command: changed, after, dropped: [...new Set(dropped)] };
  }

  #join(command: string, own: string, further: readonly PredecessorEvidence[]): string {
    try {
      return addJobs(own, further);
    } catch (error) {
      if (error instanceof SyntaxError) throw cannotWait(command, further, error);
      throw error;
    }
  }

  /** What a run follows beside what its command names. */
  #furtherOf({ run, follows }: ChainedRun): PredecessorEvidence[] {
    const ofCall = follows.flatMap(({ chained, type }): PredecessorEvidence[] => {
      const jobId = this.#ids.get(chained);
      const label = chained.run.record.evidence?.submission?.label;
      return jobId === undefined
        ? []
        : [{ jobId, ...(label === undefined ? {} : { label }), type }];
    });
    const ids = follows.flatMap(({ chained }) => idsOf(chained));
    const recorded = run.record.evidence?.submission?.after ?? [];
    const others = recorded.filter(({ jobId }) => !ids.some((id) => isSameJob(id, jobId)))
      .flatMap((each) => this.#openFor(each.jobId).map((jobId) => ({ ...each, jobId })));
    return [...ofCall, ...others];
  }

  /** The jobs that have taken the place of one that a run waited for; none if it ended long ago. */
  #newIdsOf({ follows }: ChainedRun, jobId: string): string[] {
    const ofCall = follows.filter(({ chained }) =>
      idsOf(chained).some((id) => isSameJob(id, jobId))
    );
    if (ofCall.length === 0) return this.#openFor(jobId);
    const { arrayTaskId } = splitJobId(jobId);
    return ofCall.flatMap(({ chained }) => {
      const newId = this.#ids.get(chained);
      if (newId === undefined) return [];
      // A task of an array that was one job, and is one again.
      const isWhole = !idsOf(chained).includes(jobId);
      return arrayTaskId !== null && isWhole ? [`${newId}_${arrayTaskId}`] : [newId];
    });
  }

  /** An open job of another call: one that repeats a job, or else that job itself. */
  #openFor(jobId: string): string[] {
    if (this.#store === undefined) return [];
    this.#repeats ??= new Map(
      this.#store.listOpen(this.#worktree).filter(({ rescheduledJobId }) =>
        rescheduledJobId !== null
      )
        .map((job) => [job.rescheduledJobId!, job]),
    );
    const { jobs, taskId } = jobsBehind(this.#store.listing, jobId);
    for (const id of [jobId, ...jobs.map((job) => job.jobId)]) {
      const repeat = this.#repeats.get(id ?? "");
      if (repeat !== undefined) return [repeat.jobId];
    }
    const open = jobs.filter(({ stage }) => stage === "open").filter(isSubmitted);
    if (open.length === 0) return [];
    if (taskId !== undefined) return [taskId];
    // An array of which tasks failed, and have other IDs by now, is one no more.
    return jobs.every((job) => isJobOrTaskOf(job.jobId, jobId))
      ? [jobId]
      : open.map((job) => job.jobId);
  }
}

/** The label of a recorded run, if it is one: whoever wrote the record may have written anything. */
export function labelOf({ record }: RecordedRun): string | null {
  const label = record.evidence?.submission?.label;
  return label !== undefined && isLabel(label) ? label : null;
}

/** Says which part of a recorded dependency is not submitted. */
export function noteDropped(
  { record }: RecordedRun,
  dropped: readonly string[],
  session: Session,
): void {
  if (dropped.length === 0) return;
  session.note(
    `job ${record.slurmJobId} waited for job ${
      firstOf(dropped, MOST_NAMES)
    }, which ended long ago: ` +
      "its repetition does not",
  );
}

/** What commands of recorded runs wait for, and today's batch scripts, by commit. */
export async function dependenciesOf(
  { root }: Dataset,
  runs: readonly RecordedRun[],
): Promise<ReadonlyMap<string, string>> {
  const dependencies = new Map<string, string>();
  for (const { commit, record } of runs) {
    const directory = isAbsolute(record.pwd) ? record.pwd : join(root, record.pwd);
    // Nothing is read where a record must not have it run.
    if (!isInside(relative(root, directory))) continue;
    const { text } = await dependencyOfCommand(record.cmd, { runsIn: directory, directory });
    if (text !== undefined) dependencies.set(commit.oid, text);
  }
  return dependencies;
}

function idsOf({ run, earlier }: ChainedRun): string[] {
  return [...earlier, run].flatMap(jobIdsOf);
}

/** Whether a dependency on `named` is one on the recorded job `id`, on its array, or on a task of it. */
function isSameJob(id: string, named: string): boolean {
  return id === named || splitJobId(id).submittedId === named ||
    splitJobId(named).submittedId === id;
}

/** What a run was to write, relative to the root, logs left out. */
export function claimsOf({ record }: RecordedRun): string[] {
  return record.outputs.filter((path) => !record.slurmOutputs.includes(path))
    .map((path) => relative(".", path) || ".");
}
