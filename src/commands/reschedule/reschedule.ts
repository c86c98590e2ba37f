import { join, relative, resolve } from "node:path";
import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { escapeBraces } from "../../datalad/placeholders.ts";
import { UserError } from "../../errors.ts";
import { JobStore } from "../../store/job_store.ts";
import { findChangedInputs } from "./changed_inputs.ts";
import type { PlannedRepeat } from "./changed_inputs.ts";
import { requirePlace } from "../submit/command_place.ts";
import type { CommandPlace } from "../submit/command_place.ts";
import { warn } from "../context.ts";
import type { CommandContext } from "../context.ts";
import { readExtensionLocks, requireUnlocked } from "../extension/extension_jobs.ts";
import { firstOf } from "../name_list.ts";
import { planSubmission } from "../submit/plan_submission.ts";
import type {
  CommandToSubmit,
  PreparationOptions,
  SubmissionPlan,
} from "../submit/plan_submission.ts";
import { findRuns } from "./recorded_runs.ts";
import type { RecordedRun, RecordRange } from "./recorded_runs.ts";
import { recoverSubmissions } from "../submit/recover.ts";
import { renderScript } from "./reschedule_script.ts";
import { reportInstalled, reportScheduled } from "../submit/report_submission.ts";
import { submitJob } from "../submit/submit_job.ts";
import { findWrittenFiles } from "../submit/written_files.ts";

/** What `reschedule` was asked for. */
export interface RescheduleOptions extends PreparationOptions, RecordRange {
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Takes the place of the recorded paragraphs; absent: they are used again. */
  readonly message: string | undefined;
  /** Only say what would be submitted. */
  readonly report: boolean | undefined;
  /** Only write the commands to this file, `-` for standard output. */
  readonly script: string | undefined;
}

/** Submits recorded jobs again, or says which would be. */
export async function runReschedule(options: RescheduleOptions, context: CommandContext) {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  const runs = await findRuns(dataset, options, context.runner);
  const own = runs.filter((run) => isOfDataset(run, dataset));
  for (const run of runs) if (!isOfDataset(run, dataset)) reportForeign(dataset, run, context);
  const written = await findWrittenFiles(dataset, own.map((run) => run.commit.oid));
  if (options.script !== undefined) {
    const planned = [];
    for (const run of own) planned.push(await planRun(dataset, run, written, options, context));
    await writeScript(dataset, planned, options.script, context);
    return;
  }
  using store = JobStore.openIn(dataset);
  if (options.report !== true) await recoverSubmissions(dataset, store, context);
  const locks = options.report === true ? [] : await readExtensionLocks(dataset, store, context);
  const planned: PlannedRun[] = [];
  const refusing = async (run: RecordedRun, work: () => Promise<void>) => {
    context.interrupted.throwIfAborted();
    try {
      await work();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reportRefusal(dataset, run, error, context);
    }
  };
  for (const run of own) {
    await refusing(run, async () => {
      planned.push(await planRun(dataset, run, written, options, context));
    });
  }
  const changed = await noticeChanges(dataset, planned, context);
  for (const { run, plan, commit } of planned) {
    const changedInputs = changed.get(commit);
    await refusing(run, async () => {
      if (options.report === true) {
        reportPlan(dataset, run, plan, changedInputs, context);
        return;
      }
      requireUnlocked(locks, plan.request.outputs);
      const job = await submitJob(dataset, store, plan, context);
      reportScheduled("slurm-reschedule", dataset, job, plan.command, context, changedInputs);
    });
  }
}

interface PlannedRun extends PlannedRepeat {
  readonly run: RecordedRun;
}

async function planRun(
  dataset: Dataset,
  run: RecordedRun,
  written: ReadonlyMap<string, readonly string[]>,
  options: RescheduleOptions,
  context: CommandContext,
): Promise<PlannedRun> {
  const directory = join(dataset.root, run.record.pwd);
  const place = await requirePlace(dataset, directory, options.altDir, context.cwd);
  const command = commandOf(dataset, run, written.get(run.commit.oid)!, place, options);
  const onInstall = options.report === true || options.script !== undefined
    ? null
    : (path: string) => reportInstalled(dataset, path, context);
  const plan = await planSubmission(dataset, command, options, onInstall);
  return { run, plan, commit: run.commit.oid };
}

/** More names than this are counted. */
const MOST_NAMES = 5;

/** Says which jobs will not read what they read when they were recorded. */
async function noticeChanges(
  dataset: Dataset,
  planned: readonly PlannedRun[],
  context: CommandContext,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const changed = await findChangedInputs(dataset, planned);
  for (const { run, commit } of planned) {
    const paths = changed.get(commit);
    if (paths === undefined) continue;
    warn(
      context,
      `changed since ${commit.slice(0, 10)} (Slurm job ${run.record.slurmJobId}) was recorded: ` +
        firstOf(paths, MOST_NAMES),
    );
  }
  return changed;
}

async function writeScript(
  dataset: Dataset,
  runs: readonly PlannedRun[],
  file: string,
  context: CommandContext,
): Promise<void> {
  await noticeChanges(dataset, runs, context);
  const planned = runs.map(({ run, plan, commit }) => ({
    commit,
    subject: run.commit.message.split("\n")[0]!,
    plan,
  }));
  const script = renderScript(dataset, planned);
  if (file === "-") context.io.out(script);
  else await writeScriptFile(resolve(context.cwd, file), script);
}

async function writeScriptFile(path: string, script: string): Promise<void> {
  try {
    await Deno.writeTextFile(path, script, { mode: 0o755 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError("DISK", `Cannot write the script: ${reason}. No job was submitted`, {
      hint: "name a file in a folder that is there, or - for the screen: --script jobs.sh",
      cause: error,
    });
  }
}

function reportPlan(
  dataset: Dataset,
  run: RecordedRun,
  plan: SubmissionPlan,
  changedInputs: readonly string[] | undefined,
  context: CommandContext,
): void {
  context.report({
    action: "slurm-reschedule",
    status: "ok",
    ...(changedInputs === undefined ? {} : { changedInputs }),
    path: dataset.root,
    type: "dataset",
    commit: run.commit.oid,
    message:
      `${run.commit.oid.slice(0, 10)} (Slurm job ${run.record.slurmJobId}) would be submitted ` +
      `in ${relative(dataset.root, plan.directory) || "."}: ${plan.command}; ` +
      `outputs: ${plan.request.outputs.join(" ")}`,
  });
}

function reportRefusal(
  dataset: Dataset,
  run: RecordedRun,
  error: UserError,
  context: CommandContext,
): void {
  context.report({
    ...impossible(dataset, run),
    errorCode: error.code,
    message:
      `${run.commit.oid.slice(0, 10)} (Slurm job ${run.record.slurmJobId}): ${error.message}` +
      (error.detail === undefined ? "" : `: ${error.detail}`),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/** What the results for runs that are not submitted have in common. */
function impossible(dataset: Dataset, run: RecordedRun) {
  return {
    action: "slurm-reschedule",
    status: "impossible",
    path: dataset.root,
    type: "dataset",
    commit: run.commit.oid,
  } as const;
}

/** The recorded command, to be submitted once more. */
function commandOf(
  dataset: Dataset,
  run: RecordedRun,
  written: readonly string[],
  place: CommandPlace,
  options: RescheduleOptions,
): CommandToSubmit {
  const { record } = run;
  const outputs = record.outputs.filter((output) => !record.slurmOutputs.includes(output));
  if (outputs.length === 0) {
    throw new UserError("NO_OUTPUT", "Cannot reschedule: the record names no output", {
      hint: `git show ${run.commit.oid}`,
    });
  }
  return {
    cmd: record.cmd,
    place,
    inputs: record.inputs,
    // The record has them filled in: a brace is part of a name.
    outputs: outputs.map(escapeBraces),
    outputsFrom: dataset.root,
    message: options.message ?? withoutNotes(run.parsed.text),
    chain: [...record.chain, run.commit.oid],
    extraInputs: record.extraInputs,
    rescheduledJobId: record.slurmJobId,
    expandsInputs: false,
    alsoWritten: written.filter((path) => !record.slurmOutputs.includes(path)),
    row: record.row ?? null,
  };
}

/** The recorded paragraphs without those that an earlier reschedule had added. */
function withoutNotes(text: string): string | null {
  const kept = text.split("\n\n").filter((part) =>
    !/^Re-submission of job \d+(_\d+)?\.$/.test(part.trim())
  );
  return kept.join("\n\n").trim() || null;
}

function isOfDataset(run: RecordedRun, dataset: Dataset): boolean {
  return run.record.subdataset === null &&
    (run.record.dsid === null || run.record.dsid === dataset.dsid);
}

function reportForeign(dataset: Dataset, run: RecordedRun, context: CommandContext): void {
  context.report({
    ...impossible(dataset, run),
    message: `${run.commit.oid.slice(0, 10)} was ran from ${
      run.record.subdataset === null
        ? `a different dataset (${run.record.dsid})`
        : `the superdataset, in which this one is "${run.record.subdataset}"`
    }; skipping`,
  });
}
