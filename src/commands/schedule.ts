import { Argument, Command, Option } from "commander";
import { join as joinPaths } from "node:path";
import { join } from "shlex";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { JobStore } from "../store/job_store.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { readExtensionLocks, requireUnlocked } from "./extension_jobs.ts";
import { planSubmission } from "./plan_submission.ts";
import type { InputsOrOutputs, PreparationOptions } from "./plan_submission.ts";
import { recoverSubmissions } from "./recover.ts";
import { renderDryRun } from "./render_dry_run.ts";
import { submitJob } from "./submit_job.ts";

/** What `schedule` was asked for. */
export interface ScheduleOptions extends PreparationOptions {
  /** As for the other commands; where it is given, the command runs in that dataset's root. */
  readonly dataset: string | undefined;
  /** Paragraph of the commit message that finish will make. */
  readonly message: string | undefined;
  /** As given, relative to where the command runs; globs and placeholders allowed. */
  readonly input: readonly string[];
  /** As given, relative to where the command runs; placeholders allowed. At least one is needed. */
  readonly output: readonly string[];
  /** What the record shows expanded; outputs are always recorded as the paths that are claimed. */
  readonly expand: InputsOrOutputs | undefined;
  /** Show the plan, or the command line alone, and change nothing. */
  readonly dryRun: "basic" | "command" | undefined;
  /** `false`: share outputs with open jobs instead of refusing. */
  readonly checkOutputs: boolean;
  /** The words behind the options, as typed; the first may be `--`. */
  readonly command: readonly string[];
}

/** Defines `schedule`; `run` gets the options. */
export function scheduleCommand(
  run: (options: ScheduleOptions) => Promise<void>,
): CommandDefinition {
  return new Command("schedule").alias("slurm-schedule")
    .summary("submit a job and note what it will write")
    .description(
      "Submits a job with the given command, usually sbatch and a job script, and notes the paths " +
        "that it will write. While the job is open no other job can claim them. Once it has ended, " +
        "`dlslurm finish` commits them together with a record of how they were made.",
    )
    .addOption(
      new Option(
        "-o, --output <path>",
        "file or folder that the job writes (repeatable, at least one)",
      )
        .argParser(collect).default([], "none"),
    )
    .addOption(
      new Option(
        "-i, --input <path>",
        "file, folder or glob that the job reads (repeatable); annexed content is fetched first",
      ).argParser(collect).default([], "none"),
    )
    .option("-m, --message <text>", "paragraph for the commit message")
    .option("-d, --dataset <path>", "dataset to schedule in; the command then runs in its root")
    .addOption(
      new Option(
        "--assume-ready <what>",
        "do not fetch inputs, do not unlock outputs: they are known to be ready",
      ).choices(["inputs", "outputs", "both"]),
    )
    .addOption(
      new Option("--expand <what>", "record what globs and placeholders stand for, not themselves")
        .choices(["inputs", "outputs", "both"]),
    )
    .addOption(
      new Option(
        "--dry-run <detail>",
        "submit nothing, show what would be: basic, or the command alone",
      )
        .choices(["basic", "command"]),
    )
    .option(
      "-a, --alt-dir <path>",
      "run the job in a copy of its folder there, outside the dataset: inputs are copied to it, " +
        "outputs come back when the job is finished",
    )
    .addOption(
      new Option("--check-outputs", "always so, unless --no-check-outputs").hideHelp().default(
        true,
      ),
    )
    .option(
      "--no-check-outputs",
      "claim outputs that an open job holds, too; both may overwrite them",
    )
    .addOption(
      new Option("-J, --jobs <n>", "fetch inputs with that many parallel transfers")
        .argParser(parseCount).default(1),
    )
    .addArgument(
      new Argument(
        "[command...]",
        "the submission command; one word is a shell line, several are quoted as needed",
      ),
    )
    .passThroughOptions()
    .addHelpText(
      "after",
      `
Examples:
  dlslurm schedule -o models/gold sbatch submit_gold.slurm
  dlslurm schedule -i data/raw -o results/a -m "first try" sbatch --time=10 job.sh {inputs}

Exit status: 0 submitted; 1 not submitted, or not known to be; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (command: string[], options) => await run({ ...options, command }));
}

/** Submits one job, or shows what would be submitted. */
export async function runSchedule(options: ScheduleOptions, context: CommandContext) {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  const directory = options.dataset === undefined ? context.cwd : dataset.root;
  const cmd = commandLineOf(options.command);
  const plan = await planSubmission(
    dataset,
    {
      cmd,
      directory,
      inputs: options.input,
      outputs: options.output,
      outputsFrom: directory,
      message: options.message ?? null,
      chain: [],
      extraInputs: [],
      rescheduledJobId: null,
      expandsInputs: options.expand === "inputs" || options.expand === "both",
      alsoWritten: [],
    },
    options,
    context.cwd,
    options.dryRun === undefined ? (path) => reportInstalled(dataset, path, context) : null,
  );
  if (options.dryRun !== undefined) {
    context.io.out(renderDryRun(plan, options.dryRun, dataset.root));
    return;
  }
  using store = JobStore.open(dataset.commonDir, dataset.config.get("dlslurm.store.vfs"));
  await recoverSubmissions(dataset, store, context);
  const locks = await readExtensionLocks(dataset, store, context, options.checkOutputs);
  requireUnlocked(locks, plan.request.outputs);
  const job = await submitJob(dataset, store, plan, context, options.checkOutputs);
  reportScheduled("slurm-schedule", dataset, job, plan.command, context);
}

/** Reports a subdataset that had to be installed first. */
export function reportInstalled(dataset: Dataset, path: string, context: CommandContext): void {
  const place = joinPaths(dataset.root, path);
  const { root } = dataset;
  context.report({ action: "install", status: "ok", path: place, type: "dataset", refds: root });
}

/** Reports a submitted job as DataLad reports a run command. */
export function reportScheduled(
  action: string,
  dataset: Dataset,
  job: SubmittedJob,
  command: string,
  context: CommandContext,
  changedInputs?: readonly string[],
): void {
  const start = command.length > 40 ? `${command.slice(0, 40)}...` : command;
  context.report({
    action,
    status: "ok",
    path: dataset.root,
    type: "dataset",
    message: start,
    slurmJobId: job.jobId,
    ...(changedInputs === undefined ? {} : { changedInputs }),
  });
}

/** One word is a shell line as it is; several are joined with Python's quoting. */
function commandLineOf(words: readonly string[]): string {
  const given = words[0] === "--" ? words.slice(1) : words;
  if (given.length === 0 || given.every((word) => word.trim() === "")) {
    throw new UserError("USAGE", "Cannot schedule: no command was given. No job was submitted", {
      hint: "dlslurm schedule -o results sbatch job.sh",
    });
  }
  return given.length === 1 ? given[0]! : join([...given]);
}

/** Gathers the values of a repeatable option. */
export function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Reads a count of parallel jobs; DataLad's "auto" leaves it to us. */
export function parseCount(text: string): number {
  if (text === "auto") return 2;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UserError(
    "USAGE",
    `Cannot read "${text}" as a count: a whole number above 0 is needed`,
    {
      hint: "--jobs 4, or --jobs auto",
    },
  );
}
