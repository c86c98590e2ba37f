import { fieldsOfError } from "../../session/error_fields.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import type { ChainedRun } from "../../provenance/run_chains.ts";
import { firstOf } from "../../session/name_list.ts";
import type { SubmissionPlan } from "../../submit/plan_submission.ts";
import type { CommandContext } from "../context.ts";
import { relative } from "node:path";
import { ofDataset } from "../../session/result_record.ts";

/** More names than this are counted. */
const MOST_NAMES = 5;

/** Says which runs are left out, since they were repeated later. */
export function noteRepeated(chained: readonly ChainedRun[], context: CommandContext): void {
  const ids = chained.flatMap(({ earlier }) => earlier).map(({ record }) => record.slurmJobId);
  if (ids.length === 0) return;
  context.note(`left out, since they were submitted again later: job ${firstOf(ids, MOST_NAMES)}`);
}

/** Says that a run is submitted again already. */
export function reportOpen(
  dataset: Dataset,
  run: RecordedRun,
  jobId: string,
  context: CommandContext,
): void {
  context.report({
    ...impossible(dataset, run),
    status: "notneeded",
    slurmJobId: jobId,
    message:
      `${run.commit.oid.slice(0, 10)} (Slurm job ${run.record.slurmJobId}) is submitted again ` +
      `already, as job ${jobId}`,
  });
}

/** Says how a run would be submitted again. */
export function reportPlan(
  dataset: Dataset,
  { run, follows }: ChainedRun,
  plan: SubmissionPlan,
  { changedInputs, array, context }: {
    readonly changedInputs?: readonly string[] | undefined;
    /** How many tasks the array would have that it would be one of. */
    readonly array?: number;
    readonly context: CommandContext;
  },
): void {
  const before = follows.map(({ chained }) => chained.run.record.slurmJobId);
  context.report({
    ...ofDataset(dataset, "slurm-reschedule", "ok"),
    ...(changedInputs === undefined ? {} : { changedInputs }),
    commit: run.commit.oid,
    message:
      `${run.commit.oid.slice(0, 10)} (Slurm job ${run.record.slurmJobId}) would be submitted ` +
      `in ${relative(dataset.root, plan.directory) || "."}: ${plan.command}; ` +
      `outputs: ${plan.request.outputs.join(" ")}` +
      (array === undefined ? "" : `; as one of ${array} tasks of an array`) +
      (before.length === 0 ? "" : `; after the new run of job ${firstOf(before, MOST_NAMES)}`),
  });
}

/** Says why a run is not submitted again. */
export function reportRefusal(
  dataset: Dataset,
  run: RecordedRun,
  error: UserError,
  context: CommandContext,
): void {
  context.report({
    ...impossible(dataset, run),
    ...fieldsOfError(error),
    message: `${
      run.commit.oid.slice(0, 10)
    } (Slurm job ${run.record.slurmJobId}): ${error.message}`,
  });
}

/** What the results for runs that are not submitted have in common. */
function impossible(dataset: Dataset, run: RecordedRun) {
  return { ...ofDataset(dataset, "slurm-reschedule", "impossible"), commit: run.commit.oid };
}

/** Says that a run is another dataset's. */
export function reportForeign(dataset: Dataset, run: RecordedRun, context: CommandContext): void {
  context.report({
    ...impossible(dataset, run),
    message: `${run.commit.oid.slice(0, 10)} was ran from ${
      run.record.subdataset === null
        ? `a different dataset (${run.record.dsid})`
        : `the superdataset, in which this one is "${run.record.subdataset}"`
    }; skipping`,
  });
}
