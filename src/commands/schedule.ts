import { Argument, Command, Option } from "commander";
import { openDataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { JobStore } from "../store/job_store.ts";
import { TABLE_FORMATS } from "../tables/table.ts";
import type { CommandContext, CommandDefinition } from "./context.ts";
import { readExtensionLocks, requireUnlocked } from "./extension_jobs.ts";
import { planSubmission } from "./plan_submission.ts";
import { recoverSubmissions } from "./recover.ts";
import { renderDryRun } from "./render_dry_run.ts";
import { reportInstalled, reportScheduled } from "./report_submission.ts";
import { commandLineOf } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { submitJob } from "./submit_job.ts";

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
    .option(
      "--from <table>",
      "make a job of each row of this CSV, TSV or JSON-lines file (- for standard input): " +
        "{COLUMN} stands for the row's value in the command, -i, -o and -m. The table is checked whole " +
        "before anything is submitted; the same command again goes on with rows not submitted yet",
    )
    .addOption(
      new Option("--from-format <format>", "how the table is written, if its name does not tell")
        .choices(TABLE_FORMATS),
    )
    .option(
      "--array",
      "make the rows tasks of as few array jobs as the site allows: one submission for thousands of " +
        "rows; each is still finished by itself. Needs a plain sbatch command",
    )
    .addOption(
      new Option("--array-limit <n>", "let at most that many tasks of an array run at once")
        .argParser(parseCount),
    )
    .option("--again", "submit rows again whose job was finished, too")
    .option(
      "--continue",
      "submit the rows that wait since the site took no more jobs, or since you stopped it",
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
      new Option(
        "-J, --jobs <n>",
        "fetch inputs with that many parallel transfers (default: 1); with --from, run that many " +
          "submissions at once (default: 4)",
      )
        .argParser(parseCount),
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
  dlslurm schedule --from samples.csv -o 'results/{sample}' sbatch job.sh '{sample}'
  dlslurm schedule --from samples.csv --array -o 'results/{sample}' sbatch job.sh '{sample}'

Exit status: 0 submitted; 1 not submitted, or not known to be; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (command: string[], options) => await run({ ...options, command }));
}

/** Submits one job, or each row of a table as one, or shows what would be submitted. */
export async function runSchedule(
  options: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  if (options.from !== undefined || options.continue === true) {
    const { runScheduleTable } = await import("./schedule_table.ts");
    return await runScheduleTable(options, context);
  }
  refuseTableOptions(options);
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
    { ...options, jobs: options.jobs ?? 1 },
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

function refuseTableOptions(options: ScheduleOptions): void {
  const given = [
    options.fromFormat === undefined ? "" : "--from-format",
    options.array === true ? "--array" : "",
    options.arrayLimit === undefined ? "" : "--array-limit",
    options.again === true ? "--again" : "",
  ].find((name) => name !== "");
  if (given === undefined) return;
  throw new UserError("USAGE", `Cannot use ${given} without --from. No job was submitted`, {
    hint: "dlslurm schedule --from samples.csv -o 'results/{sample}' sbatch job.sh '{sample}'",
  });
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
