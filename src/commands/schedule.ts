import { Argument, Command, Option } from "commander";
import { relative } from "node:path";
import { join } from "shlex";
import { resolveClaim } from "../datalad/claimed_path.ts";
import { openDataset } from "../datalad/dataset.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { fillPathList, fillPlaceholders } from "../datalad/placeholders.ts";
import { UserError } from "../errors.ts";
import type { SubmittedJob } from "../jobs/job.ts";
import { JobStore } from "../store/job_store.ts";
import type { CommandContext } from "./context.ts";
import { findInputs } from "./find_inputs.ts";
import { placeholderValues } from "./placeholder_values.ts";
import { fetchInputs } from "./prepare_files.ts";
import { recoverSubmissions } from "./recover.ts";
import { submitJob } from "./submit_job.ts";

/** What `schedule` was asked for. */
export interface ScheduleOptions {
  readonly dataset: string | undefined;
  readonly message: string | undefined;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly assumeReady: "inputs" | "outputs" | "both" | undefined;
  readonly jobs: number;
  readonly command: readonly string[];
}

/** Defines `schedule`; `run` gets the options. */
export function scheduleCommand(run: (options: ScheduleOptions) => Promise<void>): Command {
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

/** Submits one job. */
export async function runSchedule(options: ScheduleOptions, context: CommandContext) {
  const dataset = await openDataset(context.runner, context.cwd, options.dataset);
  const directory = options.dataset === undefined ? context.cwd : dataset.root;
  const cmd = commandLineOf(options.command);
  requireOutputs(options.output);
  const { inputs, outputs, command } = await expand(options, cmd, dataset, directory);
  using store = JobStore.open(dataset.commonDir, dataset.config.get("dlslurm.store.vfs"));
  await recoverSubmissions(dataset, store, context);
  const ready = options.assumeReady;
  if (ready !== "inputs" && ready !== "both") {
    await fetchInputs(dataset, inputs.map((path) => relative(dataset.root, path)), options.jobs);
  }
  const job = await submitJob(dataset, store, {
    request: {
      cmd,
      pwd: relative(dataset.root, directory) || ".",
      dsid: dataset.dsid,
      message: options.message ?? null,
      chain: [],
      inputs: [...options.input],
      extraInputs: [],
      outputs,
      altDir: null,
      rescheduledJobId: null,
      worktree: dataset.worktree,
    },
    command,
    directory,
    alsoWritten: [],
    unlocksOutputs: ready !== "outputs" && ready !== "both",
  }, context);
  reportScheduled("slurm-schedule", dataset, job, command, context);
}

/** Reports a submitted job as DataLad reports a run command. */
export function reportScheduled(
  action: string,
  dataset: Dataset,
  job: SubmittedJob,
  command: string,
  context: CommandContext,
): void {
  const start = command.length > 40 ? `${command.slice(0, 40)}...` : command;
  context.report({
    action,
    status: "ok",
    path: dataset.root,
    type: "dataset",
    message: start,
    slurmJobId: job.jobId,
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

function requireOutputs(outputs: readonly string[]): void {
  if (outputs.length > 0) return;
  throw new UserError(
    "NO_OUTPUT",
    "Cannot schedule: no output was given, and only outputs are committed. No job was submitted",
    { hint: "name what the job writes: dlslurm schedule -o results sbatch job.sh" },
  );
}

async function expand(
  options: ScheduleOptions,
  cmd: string,
  dataset: Dataset,
  directory: string,
) {
  const values = placeholderValues(dataset, directory);
  const givenInputs = fillPathList(
    options.input,
    new Map([...values, ["outputs", options.output]]),
  );
  const inputs = await findInputs(directory, givenInputs);
  const givenOutputs = fillPathList(options.output, new Map([...values, ["inputs", givenInputs]]));
  const claims = new Set<string>();
  for (const given of givenOutputs) claims.add(await resolveClaim(dataset.root, directory, given));
  const command = fillPlaceholders(
    cmd,
    new Map([
      ...values,
      ["inputs", inputs.map((path) => relative(directory, path) || ".")],
      ["outputs", givenOutputs],
    ]),
  );
  return { inputs, outputs: [...claims], command };
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

/** Reads a count of parallel jobs; DataLad's "auto" leaves it to us. */
export function parseCount(text: string): number {
  if (text === "auto") return 2;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UserError("USAGE", `Cannot read "${text}": a whole number above 0 is needed`);
}
