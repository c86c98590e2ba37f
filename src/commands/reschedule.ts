import { Argument, Command, Option } from "commander";
import { join, relative, resolve } from "node:path";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { badRecord, parseMessage, parseRecord, RECORD_PREFIX } from "../datalad/run_record.ts";
import type { ParsedMessage, RunRecord } from "../datalad/run_record.ts";
import { readSidecar } from "../datalad/sidecar.ts";
import { UserError } from "../errors.ts";
import { readMessages, readWrittenFiles } from "../git/history.ts";
import type { CommitMessage } from "../git/history.ts";
import type { Runner } from "../process/runner.ts";
import { JobStore } from "../store/job_store.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { readExtensionLocks, requireUnlocked } from "./extension_jobs.ts";
import { planSubmission } from "./plan_submission.ts";
import type { CommandToSubmit, PreparationOptions, SubmissionPlan } from "./plan_submission.ts";
import { recoverSubmissions } from "./recover.ts";
import { renderScript } from "./reschedule_script.ts";
import { parseCount, reportScheduled } from "./schedule.ts";
import { submitJob } from "./submit_job.ts";

/** What `reschedule` was asked for. */
export interface RescheduleOptions extends PreparationOptions {
  /** Commit, or end of the range. */
  readonly revision: string;
  /** Last commit before the range; empty: all that `revision` reaches; absent: `revision` alone. */
  readonly since: string | undefined;
  /** Path in the dataset, relative to the current directory; absent: the dataset that this lies in. */
  readonly dataset: string | undefined;
  /** Takes the place of the recorded paragraphs; absent: they are used again. */
  readonly message: string | undefined;
  /** Take jobs, too, whose commits have another state than Completed in their subject. */
  readonly withFailedJobs: boolean | undefined;
  /** Only say what would be submitted. */
  readonly report: boolean | undefined;
  /** Only write the commands to this file, `-` for standard output. */
  readonly script: string | undefined;
}

/** Defines `reschedule`; `run` gets the options. */
export function rescheduleCommand(
  run: (options: RescheduleOptions) => Promise<void>,
): CommandDefinition {
  return new Command("reschedule").alias("slurm-reschedule")
    .summary("submit a recorded job again")
    .description(
      "Reads the run record of a commit that finish made and submits the same command again, with " +
        "today's files. Neither HEAD nor the work tree moves, beyond outputs being made writable.",
    )
    .addArgument(
      new Argument("[revision]", "commit of the job, or end of the range").default("HEAD"),
    )
    .option(
      "--since <revision>",
      "all recorded jobs after this commit; --since= (empty): all in the history of [revision]",
    )
    .option("-m, --message <text>", "paragraph for the commit message instead of the recorded one")
    .option("-d, --dataset <path>", "dataset to reschedule in")
    .option("--report", "submit nothing, report what would be")
    .option(
      "--script <file>",
      "submit nothing, write the commands as a shell script; - for the screen",
    )
    .option("--with-failed-jobs", "jobs that were committed as failed, too")
    .addOption(
      new Option("--assume-ready <what>", "do not fetch inputs, do not unlock outputs")
        .choices(["inputs", "outputs", "both"]),
    )
    .option(
      "-a, --alt-dir <path>",
      "run the jobs in a copy of their folders there; the recorded one is not used again",
    )
    .addOption(
      new Option("-J, --jobs <n>", "fetch inputs with that many parallel transfers")
        .argParser(parseCount).default(1),
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm reschedule
  dlslurm reschedule 3f2a91c
  dlslurm reschedule --since=v1.0

Exit status: 0 all submitted; 1 one was not; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (revision: string, options) => await run({ ...options, revision }));
}

interface RecordedRun {
  readonly commit: CommitMessage;
  readonly parsed: ParsedMessage;
  readonly record: RunRecord;
}

/** Submits recorded jobs again, or says which would be. */
export async function runReschedule(options: RescheduleOptions, context: CommandContext) {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  const runs = await findRuns(dataset, options, context.runner);
  const own = runs.filter((run) => isOfDataset(run, dataset));
  for (const run of runs) if (!own.includes(run)) reportForeign(dataset, run, context);
  const written = await readWrittenFiles(dataset.git, own.map((run) => run.commit.oid));
  const plan = (run: RecordedRun) =>
    planSubmission(
      dataset,
      commandOf(dataset, run, written.get(run.commit.oid)!, options),
      options,
      context.cwd,
    );
  if (options.script !== undefined) {
    await writeScript(dataset, own, plan, options.script, context);
    return;
  }
  using store = JobStore.open(dataset.commonDir, dataset.config.get("dlslurm.store.vfs"));
  if (options.report !== true) await recoverSubmissions(dataset, store, context);
  const locks = options.report === true ? [] : await readExtensionLocks(dataset, store, context);
  for (const run of own) {
    context.interrupted.throwIfAborted();
    try {
      const planned = await plan(run);
      if (options.report === true) {
        reportPlan(dataset, run, planned, context);
        continue;
      }
      requireUnlocked(locks, planned.request.outputs);
      const job = await submitJob(dataset, store, planned, context);
      reportScheduled("slurm-reschedule", dataset, job, planned.command, context);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reportRefusal(dataset, run, error, context);
    }
  }
}

async function writeScript(
  dataset: Dataset,
  runs: readonly RecordedRun[],
  plan: (run: RecordedRun) => Promise<SubmissionPlan>,
  file: string,
  context: CommandContext,
): Promise<void> {
  const planned = [];
  for (const run of runs) {
    const subject = run.commit.message.split("\n")[0]!;
    planned.push({ commit: run.commit.oid, subject, plan: await plan(run) });
  }
  const script = renderScript(dataset, planned);
  if (file === "-") context.io.out(script);
  else await Deno.writeTextFile(resolve(context.cwd, file), script, { mode: 0o755 });
}

function reportPlan(
  dataset: Dataset,
  run: RecordedRun,
  plan: SubmissionPlan,
  context: CommandContext,
): void {
  context.report({
    action: "slurm-reschedule",
    status: "ok",
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
    action: "slurm-reschedule",
    status: "impossible",
    path: dataset.root,
    type: "dataset",
    commit: run.commit.oid,
    errorCode: error.code,
    message:
      `${run.commit.oid.slice(0, 10)} (Slurm job ${run.record.slurmJobId}): ${error.message}` +
      (error.detail === undefined ? "" : `: ${error.detail}`),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}

/**
 * @throws {UserError} `NO_RECORD` if there is none, `BAD_RECORD` for one that cannot be read.
 */
async function findRuns(
  dataset: Dataset,
  options: RescheduleOptions,
  runner: Runner,
): Promise<RecordedRun[]> {
  const commits = await readMessages(dataset.git, options.revision, options.since, RECORD_PREFIX);
  const runs: RecordedRun[] = [];
  for (const commit of commits) {
    // A merge repeats in its message what its parents hold.
    if (commit.parents.length > 1) continue;
    const parsed = parse(commit);
    if (parsed === undefined) continue;
    if (parsed.state !== "Completed" && options.withFailedJobs !== true) continue;
    runs.push({ commit, parsed, record: await recordOf(dataset, commit, parsed, runner) });
  }
  if (runs.length > 0) return runs;
  const range = options.since === undefined || options.since === ""
    ? options.revision
    : `${options.since}..${options.revision}`;
  throw new UserError(
    "NO_RECORD",
    `No schedule commits found in range ${range}. No job was submitted`,
    {
      hint:
        "git log --grep='DATALAD SLURM RUN' shows the recorded jobs; --with-failed-jobs takes failed ones",
    },
  );
}

function parse(commit: CommitMessage): ParsedMessage | undefined {
  try {
    return parseMessage(commit.message);
  } catch (error) {
    if (error instanceof SyntaxError) throw badRecord(commit.oid, error);
    throw error;
  }
}

async function recordOf(
  dataset: Dataset,
  commit: CommitMessage,
  { record }: ParsedMessage,
  runner: Runner,
): Promise<RunRecord> {
  if (!("sidecarId" in record)) return record;
  try {
    const kept = parseRecord(await readSidecar(runner, dataset, record.sidecarId));
    if ("sidecarId" in kept) throw new SyntaxError("its sidecar holds no record");
    return kept;
  } catch (error) {
    if (error instanceof SyntaxError) throw badRecord(commit.oid, error);
    throw error;
  }
}

/** The recorded command, to be submitted once more. */
function commandOf(
  dataset: Dataset,
  run: RecordedRun,
  written: readonly string[],
  options: RescheduleOptions,
): CommandToSubmit {
  const { record } = run;
  const outputs = record.outputs.filter((output) => !record.slurmOutputs.includes(output));
  if (outputs.length === 0) {
    throw new UserError("NO_OUTPUT", "Cannot reschedule: the record names no output");
  }
  return {
    cmd: record.cmd,
    directory: join(dataset.root, record.pwd),
    inputs: record.inputs,
    outputs,
    outputsFrom: dataset.root,
    message: options.message ?? withoutNotes(run.parsed.text),
    chain: [...record.chain, run.commit.oid],
    extraInputs: record.extraInputs,
    rescheduledJobId: record.slurmJobId,
    expandsInputs: false,
    alsoWritten: written.filter((path) => !record.slurmOutputs.includes(path)),
  };
}

/** The recorded paragraphs without those that an earlier reschedule had added. */
function withoutNotes(text: string): string | null {
  const kept = text.split("\n\n").filter((part) =>
    !/^Re-submission of job \d+\.$/.test(part.trim())
  );
  return kept.join("\n\n").trim() || null;
}

function isOfDataset(run: RecordedRun, dataset: Dataset): boolean {
  return run.record.dsid === null || run.record.dsid === dataset.dsid;
}

function reportForeign(dataset: Dataset, run: RecordedRun, context: CommandContext): void {
  context.report({
    action: "slurm-reschedule",
    status: "impossible",
    path: dataset.root,
    type: "dataset",
    commit: run.commit.oid,
    message: `${
      run.commit.oid.slice(0, 10)
    } was ran from a different dataset (${run.record.dsid}); skipping`,
  });
}
