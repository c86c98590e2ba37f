import { Argument, Command, Option } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";
import { parseCount } from "../option_values.ts";
import type { RecordRange } from "../../provenance/recorded_runs.ts";
import type { PreparationOptions } from "../../submit/plan_submission.ts";

/** What `reschedule` was asked for. */
export interface RescheduleOptions
  extends OptionsInDataset, PreparationOptions, Omit<RecordRange, "revision"> {
  /** Commits or job IDs, as given; one, unless with `array`. */
  readonly revisions: readonly string[];
  /** Make rows and tasks those of arrays again. */
  readonly array?: boolean | undefined;
  /** Of those only rows of this table. */
  readonly table?: string | undefined;
  /** Takes the place of the recorded paragraphs; absent: they are used again. */
  readonly message?: string | undefined;
  /** Ask nobody before commands are run. */
  readonly yes?: boolean | undefined;
  /** Only say what would be submitted. */
  readonly report?: boolean | undefined;
  /** Only write the commands to this file, `-` for standard output. */
  readonly script?: string | undefined;
  /** Run in a worktree at this commit; empty: at the one before the first of the jobs. */
  readonly onto?: string | undefined;
  /** That commit stands for what was there when the jobs were submitted. */
  readonly isAsRecorded?: boolean | undefined;
}

/** Defines `reschedule`; `run` gets the options. */
export function rescheduleCommand(
  run: (options: RescheduleOptions) => Promise<void>,
): CommandDefinition {
  return new Command("reschedule").alias("slurm-reschedule")
    .summary("submit a recorded job again")
    .description(
      "Reads the run record of a commit that finish made and submits the same command again, with " +
        "today's files. HEAD does not move, and files stay as they are, except that outputs are made writable. If inputs " +
        "or the batch script have changed, it says so and goes on. Each command is shown before " +
        "it is run; on a terminal you are asked first if somebody else recorded it.",
    )
    .addArgument(
      new Argument(
        "[revision...]",
        "commit of the job, as finish made it, or the job's ID, which means its newest commit; with " +
          "--since the end of the range; with --array several, where an array's ID means all its tasks",
      )
        .default(["HEAD"], "HEAD"),
    )
    .option(
      "--since <revision>",
      "all recorded jobs after this commit, oldest first, each so that it waits for the new runs of those that " +
        "it followed; for a run that was submitted again, the last one: --since=v1.0; --since= (empty): all in the " +
        "history of [revision]",
    )
    .option(
      "--array",
      "submit table rows, and tasks that were separate jobs, as one array again, grouping those " +
        "whose commands differ only in arguments; the others are submitted separately, with a note",
    )
    .option(
      "--table <name>",
      "with --array: only rows of this table, by its name in their records: --array --table " +
        "sweep.csv; without --since, from the whole history",
    )
    .option(
      "-m, --message <text>",
      "paragraph for the commit message instead of the recorded one: -m 'with the new compiler'",
    )
    .option("-d, --dataset <path>", "dataset to reschedule in, if not in the current directory")
    .option("-y, --yes", "run what somebody else recorded without asking")
    .option(
      "--report",
      "submit nothing, report what would be submitted: to check before a long --since",
    )
    .option(
      "--script <file>",
      "submit nothing, write the commands as a shell script, to edit or to run elsewhere; - for standard output",
    )
    .option(
      "--onto <revision>",
      "run in a new worktree with scripts and inputs as of this commit, so that old results can be repeated " +
        "although the dataset has moved on; finish commits the results to a branch dlslurm/onto-… and removes " +
        "the worktree: --onto v1.0; --onto= (empty): the commit before the first of the jobs",
    )
    .option(
      "--with-failed-jobs",
      "also jobs that were committed as failed; otherwise they are left out",
    )
    .addOption(
      new Option(
        "--assume-ready <what>",
        "leave inputs unfetched, outputs locked, or both: when you know that they are ready",
      )
        .choices(["inputs", "outputs", "both"]),
    )
    .option(
      "-a, --alt-dir <path>",
      "run the jobs in a copy of their folders there, as schedule does; the recorded folder is not reused",
    )
    .addOption(
      new Option(
        "-J, --jobs <n>",
        "fetch inputs with this many parallel transfers: -J 4 from a server that is far away",
      )
        .argParser(parseCount).default(1),
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm reschedule
  dlslurm reschedule 3f2a91c
  dlslurm reschedule 4242
  dlslurm reschedule --since=v1.0
  dlslurm reschedule --array 4242
  dlslurm reschedule --array --table sweep.csv
  dlslurm reschedule 4242 --onto v1.0

Exit status: 0 all submitted; 1 one was not; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (revisions: string[], options) => await run({ ...options, revisions }));
}
