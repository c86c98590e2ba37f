import { UserError } from "../../errors.ts";
import { readExtensionLocks, requireUnlocked } from "../../extension/jobs.ts";
import { toUserError } from "../../process/system_error.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import type { ChainedRun } from "../../provenance/run_chains.ts";
import { JobStore } from "../../store/job_store.ts";
import { reportScheduled } from "../../submit/report_submission.ts";
import { requireFreeOutputs, submitJob } from "../../submit/submit_job.ts";
import { layOut, planRun } from "./planning.ts";
import type { Planning } from "./planning.ts";
import { noteDropped, RepeatCall } from "./repeat_call.ts";
import type { PlannedRun } from "./repeat_call.ts";
import { reportOpen, reportPlan, reportRefusal } from "./report_runs.ts";
import { showCommand } from "./show_commands.ts";

/** A job that was submitted for a recorded run. */
export interface Repeat {
  /** The run. */
  readonly run: RecordedRun;
  /** The new job's ID. */
  readonly jobId: string;
}

/** Does what concerns one run; what goes wrong is reported, and the others go on. */
async function refusing(
  { dataset, context }: Planning,
  run: RecordedRun,
  work: () => Promise<void>,
): Promise<void> {
  context.interrupted.throwIfAborted();
  try {
    await work();
  } catch (error) {
    reportRefusal(dataset, run, toUserError(error), context);
  }
}

/** Plans each run; one that cannot be submitted again is reported. */
export async function planRuns(
  chained: readonly ChainedRun[],
  call: RepeatCall,
  planning: Planning,
): Promise<PlannedRun[]> {
  const { dataset, options, context } = planning;
  const isOfMany = options.since !== undefined || options.array === true;
  const open = isOfMany ? call.noteOpen(chained) : new Map();
  const planned: PlannedRun[] = [];
  for (const each of chained) {
    const jobId = open.get(each);
    if (jobId !== undefined) {
      reportOpen(dataset, each.run, jobId, context);
      continue;
    }
    await refusing(planning, each.run, async () => {
      const plan = await planRun(each, call, planning);
      await call.requireSettledInputs(each, plan.plan, plan.place);
      planned.push(plan);
    });
  }
  return planned;
}

/** Submits what was planned, or says that it would be. */
export async function submitRuns(
  planned: readonly PlannedRun[],
  changed: ReadonlyMap<string, readonly string[]>,
  call: RepeatCall,
  planning: Planning & { readonly store: JobStore },
): Promise<readonly Repeat[]> {
  const { dataset, store, options, context, onto } = planning;
  const open = { dataset, store, session: context };
  const locks = await readExtensionLocks(dataset, store, context);
  const submitted: Repeat[] = [];
  const grouping = { call, locks, planning };
  const singles = options.array === true ? await regroup(planned, grouping) : planned;
  for (const { chained, plan, place, commit } of singles) {
    const { run } = chained;
    const changedInputs = changed.get(commit);
    await refusing(planning, run, async () => {
      requireUnlocked(locks, plan.request.outputs);
      if (options.report === true) {
        requireFreeOutputs(open, plan);
        reportPlan(dataset, chained, plan, { changedInputs, context });
        return;
      }
      const { command, after, dropped } = await call.follow(chained, plan, place);
      noteDropped(run, dropped, context);
      const following = { ...plan, command, request: { ...plan.request, after } };
      // Slurm takes the script as it is now: another run may have had another one of that name.
      if (onto !== undefined) await layOut(planning, onto, run);
      showCommand(run, dataset, following, context);
      const job = await submitJob(open, following);
      call.note(chained, job.jobId);
      submitted.push({ run, jobId: job.jobId });
      const fields = onto === undefined ? {} : { onto: onto.oid, branch: onto.branch };
      reportScheduled(open, job, command, {
        action: "slurm-reschedule",
        ...fields,
        ...(changedInputs === undefined ? {} : { changedInputs }),
      });
    });
  }
  return submitted;
}

/** What arrays are submitted with. */
interface Grouping {
  readonly call: RepeatCall;
  readonly locks: Awaited<ReturnType<typeof readExtensionLocks>>;
  readonly planning: Planning & { readonly store: JobStore };
}

/**
 * Submits those runs that can be tasks of arrays again, or says that they would be.
 *
 * @returns the others, of which it is said why.
 */
async function regroup(
  planned: readonly PlannedRun[],
  { call, locks, planning }: Grouping,
): Promise<readonly PlannedRun[]> {
  const { dataset, store, options, context } = planning;
  // Loaded only then: most jobs are repeated by themselves.
  const { groupRuns } = await import("./group_runs.ts");
  const free: PlannedRun[] = [];
  for (const each of planned) {
    await refusing(planning, each.chained.run, () => {
      requireUnlocked(locks, each.plan.request.outputs);
      if (options.report === true) requireFreeOutputs({ dataset, store }, each.plan);
      free.push(each);
      return Promise.resolve();
    });
  }
  const { arrays, singles } = await groupRuns(free);
  for (const { planned: { chained: { run } }, reason } of singles) {
    context.note(`job ${run.record.slurmJobId} is submitted separately: ${reason}`);
  }
  for (const group of arrays) {
    for (const { planned: { chained, plan } } of group) {
      if (options.report !== true) showCommand(chained.run, dataset, plan, context);
      else {
        reportPlan(dataset, chained, plan, { context, array: group.length });
      }
    }
  }
  if (options.report !== true && arrays.length > 0) {
    const { submitArrays } = await import("./submit_arrays.ts");
    const refuse = (run: RecordedRun, error: UserError) =>
      reportRefusal(dataset, run, error, context);
    await submitArrays(arrays, { dataset, store, session: context }, { call, refuse });
  }
  return singles.map((each) => each.planned);
}
