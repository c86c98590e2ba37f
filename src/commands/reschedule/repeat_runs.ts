import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import { chainRuns } from "../../provenance/run_chains.ts";
import { findFilesOfRuns } from "../../provenance/files_of_runs.ts";
import { JobStore } from "../../store/job_store.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import { makeOntoWorktree } from "../../worktrees/make_worktree.ts";
import { tidyOntoWorktrees } from "../../worktrees/tidy_worktrees.ts";
import type { CommandContext } from "../context.ts";
import { noticeChanges } from "./notice_changes.ts";
import { resolveOnto } from "./onto.ts";
import { planRun } from "./planning.ts";
import type { Planning } from "./planning.ts";
import { dependenciesOf, RepeatCall } from "./repeat_call.ts";
import { noteRepeated, reportForeign } from "./report_runs.ts";
import type { RescheduleOptions } from "./definition.ts";
import { confirmRuns } from "./show_commands.ts";
import { planRuns, submitRuns } from "./submit_runs.ts";
import type { Repeat } from "./submit_runs.ts";
import { scriptOf, writeScript } from "./write_script.ts";

/** Leaves out, and reports, runs that are another dataset's. */
export function withoutForeign(
  dataset: Dataset,
  runs: readonly RecordedRun[],
  context: CommandContext,
): RecordedRun[] {
  for (const run of runs) if (!isOfDataset(run, dataset)) reportForeign(dataset, run, context);
  return runs.filter((run) => isOfDataset(run, dataset));
}

/** Jobs that were submitted in a worktree of their own. */
export interface RepeatsOnto {
  /** The worktree. */
  readonly dataset: Dataset;
  /** Its branch, without `refs/heads/`. */
  readonly branch: string;
  /** The commit whose files are in it. */
  readonly oid: string;
  /** Each with the run that it repeats. */
  readonly repeats: readonly Repeat[];
}

/**
 * Submits recorded jobs again in a new worktree at a commit. What could not be submitted has been reported; a
 * worktree without a job is gone again.
 *
 * @param runs at least one.
 * @throws {UserError} Those of {@linkcode resolveOnto}, {@linkcode makeOntoWorktree} and {@linkcode confirmRuns}.
 */
export async function repeatOnto(
  source: Dataset,
  runs: readonly RecordedRun[],
  options: RescheduleOptions & { readonly onto: string },
  context: CommandContext,
): Promise<RepeatsOnto> {
  const oid = await resolveOnto(source, options.onto, runs);
  if (options.report !== true && options.yes !== true) await confirmRuns(source, runs, context);
  {
    using store = JobStore.openToLook(source);
    await tidyOntoWorktrees(source, store, context.cwd, context);
  }
  await using worktree = await makeOntoWorktree(source, oid, context);
  const { dataset, branch } = worktree;
  const onto = { oid, branch, source, isAsRecorded: options.isAsRecorded === true };
  const repeats = await repeat(
    { dataset, options: { ...options, yes: true }, context, onto },
    runs,
  );
  return { dataset, branch, oid, repeats };
}

/**
 * Submits recorded jobs again, unless they are only to be shown or written as commands.
 *
 * @returns the jobs that were submitted.
 */
export async function repeat(
  repetition: Omit<Planning, "written">,
  own: readonly RecordedRun[],
): Promise<readonly Repeat[]> {
  const { dataset, options, context, onto } = repetition;
  const written = await findFilesOfRuns(onto?.source ?? dataset, own, context.runner);
  const dependencies = await dependenciesOf(dataset, own);
  const chained = chainRuns(own, { written, dependencies });
  noteRepeated(chained, context);
  const planning = { ...repetition, written };
  if (options.script !== undefined) {
    const call = new RepeatCall(dataset, undefined);
    const planned = [];
    for (const each of chained) planned.push(await planRun(each, call, planning));
    await noticeChanges(planning, planned);
    const script = await scriptOf(dataset, planned, call, context);
    await writeScript(script, options.script, context);
    return [];
  }
  if (options.report !== true && options.yes !== true) {
    await confirmRuns(dataset, chained.map(({ run }) => run), context);
  }
  using store = JobStore.openIn(dataset);
  await using sharing = ClaimSharing.of(dataset, store, context);
  if (options.report !== true) await recoverAndSettle({ dataset, store, session: context });
  const call = new RepeatCall(dataset, store);
  const planned = await planRuns(chained, call, planning);
  const changed = await noticeChanges(planning, planned);
  if (options.report !== true) {
    await sharing.warnOfConflicts(planned.flatMap(({ plan }) => plan.request.outputs));
  }
  return await submitRuns(planned, changed, call, { ...planning, store });
}

function isOfDataset(run: RecordedRun, dataset: Dataset): boolean {
  return run.record.subdataset === null &&
    (run.record.dsid === null || run.record.dsid === dataset.dsid);
}
