import { Argument, Command, Option } from "commander";
import { join } from "node:path";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { badRecord, parseMessage, RECORD_PREFIX } from "../datalad/run_record.ts";
import type { ParsedMessage, RunRecord } from "../datalad/run_record.ts";
import { UserError } from "../errors.ts";
import { readMessages, readWrittenFiles } from "../git/history.ts";
import type { CommitMessage } from "../git/history.ts";
import { JobStore } from "../store/job_store.ts";
import type { CommandContext } from "./context.ts";
import { planSubmission } from "./plan_submission.ts";
import type { CommandToSubmit, PreparationOptions } from "./plan_submission.ts";
import { recoverSubmissions } from "./recover.ts";
import { parseCount, reportScheduled } from "./schedule.ts";
import { submitJob } from "./submit_job.ts";

/** What `reschedule` was asked for. */
export interface RescheduleOptions extends PreparationOptions {
  readonly revision: string;
  readonly since: string | undefined;
  readonly dataset: string | undefined;
  readonly message: string | undefined;
  readonly withFailedJobs: boolean | undefined;
}

/** Defines `reschedule`; `run` gets the options. */
export function rescheduleCommand(run: (options: RescheduleOptions) => Promise<void>): Command {
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

/** Submits recorded jobs again. */
export async function runReschedule(options: RescheduleOptions, context: CommandContext) {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  const runs = await findRuns(dataset, options);
  const own = runs.filter((run) => isOfDataset(run, dataset));
  for (const run of runs) if (!own.includes(run)) reportForeign(dataset, run, context);
  const written = await readWrittenFiles(dataset.git, own.map((run) => run.commit.oid));
  using store = JobStore.open(dataset.commonDir, dataset.config.get("dlslurm.store.vfs"));
  await recoverSubmissions(dataset, store, context);
  for (const run of own) {
    context.interrupted.throwIfAborted();
    try {
      const wanted = commandOf(dataset, run, written.get(run.commit.oid)!, options);
      const plan = await planSubmission(dataset, wanted, options, context.cwd);
      const job = await submitJob(dataset, store, plan, context);
      reportScheduled("slurm-reschedule", dataset, job, plan.command, context);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
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
  }
}

/**
 * @throws {UserError} `NO_RECORD` if there is none, `BAD_RECORD` for one that cannot be read.
 */
async function findRuns(dataset: Dataset, options: RescheduleOptions): Promise<RecordedRun[]> {
  const commits = await readMessages(dataset.git, options.revision, options.since, RECORD_PREFIX);
  const runs: RecordedRun[] = [];
  for (const commit of commits) {
    // A merge repeats in its message what its parents hold.
    if (commit.parents.length > 1) continue;
    const parsed = parse(commit);
    if (parsed === undefined) continue;
    if ("sidecarId" in parsed.record) {
      throw badRecord(
        commit.oid,
        new Error(`it is kept in the sidecar "${parsed.record.sidecarId}"`),
      );
    }
    if (parsed.state !== "Completed" && options.withFailedJobs !== true) continue;
    runs.push({ commit, parsed, record: parsed.record });
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
