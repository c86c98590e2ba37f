import { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "../command_definition.ts";
import type { ScheduleOptions } from "./schedule_options.ts";
import { TABLE_FORMATS } from "../../tables/table.ts";
import { parseYesOrNo } from "../option_values.ts";
import { collect, notifyOption, parseCount } from "../option_values.ts";

/** Defines `schedule`; `run` gets the options. */
export function scheduleCommand(
  run: (options: ScheduleOptions) => Promise<void>,
): CommandDefinition {
  return new Command("schedule").alias("slurm-schedule")
    .summary("submit a job and note what it will write")
    .description(
      "Submits a job with the given command, usually sbatch and a job script, and notes the paths " +
        "that it will write. While the job is open, no other job can claim them. Once it has ended, " +
        "`dlslurm finish` commits them together with a record of how they were made.",
    )
    .addOption(
      new Option(
        "-o, --output <path>",
        "file or folder that the job writes, whether it exists or not (repeatable, at least one). Only " +
          "what is named here is committed, with the job's logs: -o results/a. For an array, {task} means " +
          "each task: -o 'results/{task}'",
      )
        .argParser(collect).default([], "none"),
    )
    .addOption(
      new Option(
        "-i, --input <path>",
        "file, folder or glob that the job reads (repeatable), ** for any folders. Annexed content is " +
          "fetched before anything is submitted; a missing input is an error, unless an open job will write it " +
          "and the command waits for that job (--after): -i 'data/**/*.nc'",
      ).argParser(collect).default([], "none"),
    )
    .addOption(
      new Option(
        "-x, --extra-input <path>",
        "file, folder or glob that the job needs besides its inputs (repeatable): software, a container's image. " +
          "It is fetched, copied and recorded like an input, but {inputs} does not name it: -x env/tools.sif",
      ).argParser(collect).default([], "none"),
    )
    .option(
      "--container <container>",
      "make the image that datalad-container has configured under this name an extra input; {container} in the " +
        "command is its path. The script has to run it: --container fit sbatch job.sh {container}",
    )
    .option(
      "-m, --message <text>",
      "paragraph for the commit message, to find the run again: -m 'coarse grid, first try'",
    )
    .addOption(
      new Option(
        "--after <job>",
        "submit it so that Slurm holds it back until this job has completed: its ID, or the label of one or " +
          "more open jobs (repeatable). The prefix any: accepts any end, notok: only a failure, corr: goes task " +
          "by task of an array: --after clean --after any:4242",
      ).argParser(collect).default([], "none"),
    )
    .option(
      "--label <name>",
      "name the job, for --after, finish and others, which take the name in place of the ID; several jobs may " +
        "share one: --label clean",
    )
    .option(
      "-d, --dataset <path>",
      "dataset to schedule in, if not in the current directory; the command then runs in its root",
    )
    .addOption(
      new Option(
        "--assume-ready <what>",
        "leave inputs (extra ones as well) unfetched, outputs locked, or both: saves the check when you know " +
          "that they are ready",
      ).choices(["inputs", "outputs", "both"]),
    )
    .addOption(
      new Option(
        "--expand <what>",
        "record what globs and placeholders expand to, not themselves: reschedule then takes the same " +
          "files, even if the glob would match more by then",
      )
        .choices(["inputs", "outputs", "both"]),
    )
    .addOption(
      new Option(
        "--dry-run <detail>",
        "submit nothing, show what would be submitted: basic shows inputs, outputs and command, command the " +
          "command alone",
      )
        .choices(["basic", "command"]),
    )
    .option(
      "-a, --alt-dir <path>",
      "run the job in a copy of its folder there, for a parallel file system or a scratch disk outside " +
        "the dataset: inputs are copied to it, outputs come back with finish: -a /scratch/me",
    )
    .option(
      "--from <table>",
      "make a job of each row of this CSV, TSV or JSON-lines file (- for standard input): " +
        "{COLUMN} is replaced by the row's value in the command, -i, -o and -m. The whole table is checked " +
        "before anything is submitted; the same command again goes on with rows not submitted yet",
    )
    .addOption(
      new Option("--from-format <format>", "format of the table, if its name does not show it")
        .choices(TABLE_FORMATS),
    )
    .option(
      "--array",
      "make the rows tasks of as few array jobs as the site allows: one submission for thousands of " +
        "rows; each is still finished separately. Needs a plain sbatch command",
    )
    .addOption(
      new Option("--array-limit <n>", "let at most this many tasks of an array run at once")
        .argParser(parseCount),
    )
    .option(
      "--per-task",
      "make a job of each task of the array that the command or its script asks for: {task} in -o, -i, -x, -m " +
        "and --label is its ID. Each has its own commit, and failed ones are submitted again alone: " +
        "--per-task -o 'squares/{task}' sbatch --array=1-50 job.sh",
    )
    .option("--again", "also submit rows again whose job was finished")
    .option(
      "--continue",
      "submit the rows that wait because the site took no more jobs, or because you stopped it; they are " +
        "noted with all their options, so only -d and -J can be given with it",
    )
    .option(
      "--finish-when-done",
      "submit a tiny job that waits in the queue and finishes all open jobs once they have ended, as finish " +
        "--submit does; git config dlslurm.finish.options '-p short' sets options for sbatch",
    )
    .addOption(notifyOption("with --from or --continue: ", "all is submitted"))
    .addOption(
      new Option("--check-outputs [yes-or-no]", "as in the Python extension; yes unless said")
        .argParser(parseYesOrNo).hideHelp().default(true),
    )
    .option(
      "--require-saved",
      "submit nothing if the batch script as it is now is in no commit; otherwise this is a warning, and the " +
        "job's commit keeps the script",
    )
    .option(
      "--no-check-outputs",
      "also claim outputs that an open job holds: for jobs that are known to write different files there",
    )
    .addOption(
      new Option(
        "-J, --jobs <n>",
        "fetch inputs with this many parallel transfers (default: 1); with --from, run this many " +
          "submissions at once (default: 4)",
      )
        .argParser(parseCount),
    )
    .addArgument(
      new Argument(
        "[command...]",
        "the submission command, after all options. One word is a shell line; several are quoted as needed. " +
          "{inputs}, {outputs}, {inputs[0]}, {pwd} and others are filled in",
      ),
    )
    .passThroughOptions()
    .addHelpText(
      "after",
      `
Examples:
  dlslurm schedule -o models/gold sbatch submit_gold.slurm
  dlslurm schedule -i data/raw -o results/a -m "first try" sbatch --time=10 job.sh {inputs}
  dlslurm schedule --after clean -i clean/x.nc -o fit sbatch fit.sh
  dlslurm schedule --from samples.csv -o 'results/{sample}' sbatch job.sh '{sample}'
  dlslurm schedule --from samples.csv --array -o 'results/{sample}' sbatch job.sh '{sample}'
  dlslurm schedule --finish-when-done -o results/a sbatch job.sh

Exit status: 0 submitted; 1 not submitted, or not known to be; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (command: string[], options) => await run({ ...options, command }));
}
