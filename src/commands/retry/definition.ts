import { Argument, Command, Option } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";
import { collect, parseCount } from "../option_values.ts";

/** What `retry` was asked for. */
export interface RetryCommandOptions extends OptionsInDataset {
  /** As typed; none: all failed jobs. */
  readonly jobIds: readonly string[];
  /** Options of sbatch for this attempt. */
  readonly sbatchOptions: readonly string[];
  /** States, several in one with commas; none: all failed ones. */
  readonly state: readonly string[];
  /** Ask nobody. */
  readonly yes?: boolean | undefined;
  /** Only say what would be submitted. */
  readonly dryRun?: boolean | undefined;
  /** So many attempts a job may have. */
  readonly attempts: number;
  /** Give more to jobs that ran out of time or memory; `true`, or factors as typed. */
  readonly grow?: true | string | undefined;
  /** Move away what the failed attempt left. */
  readonly clean?: boolean | undefined;
  /** Submissions at once. */
  readonly jobs?: number | undefined;
}

/** Defines `retry`; `run` gets the options. */
export function retryCommand(
  run: (options: RetryCommandOptions) => Promise<void>,
): CommandDefinition {
  return new Command("retry")
    .summary("submit failed open jobs again")
    .description(
      "Submits failed open jobs again as they were planned: command, inputs, outputs, row of the table. " +
        "They keep their outputs claimed all the while; the commit of the attempt that completes lists " +
        "the failed ones and holds their logs. Failed rows that were tasks of an array go into one array " +
        "again, with the script as it was at first; for an array that is one job, only the tasks that did not " +
        "complete are submitted again. sbatch reads other scripts as they are now; a note says if one was changed. " +
        "What follows -- are options of sbatch for this attempt: they are appended to the command's own.",
    )
    .addArgument(
      new Argument(
        "[job-id...]",
        "submit these jobs again, by their IDs or labels: for an array or a label, those that have failed; " +
          "without any, all failed ones of this worktree",
      ),
    )
    .addOption(
      new Option(
        "--state <states>",
        "only those that ended in this state (repeatable, or several with commas): --state TIMEOUT,NODE_FAIL",
      ).argParser(collect).default([], "every failed state"),
    )
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "only show what would be submitted")
    .addOption(
      new Option(
        "--attempts <n>",
        "skip jobs with this many attempts",
      ).argParser(parseCount).default(3),
    )
    .addOption(
      new Option(
        "--grow [factors]",
        "give a job that ran out of time 1.5 times as much, one that ran out of memory twice as much, or by " +
          "the given factors, up to what its partition allows: --grow time=2,memory=1.5",
      ),
    )
    .option(
      "--clean",
      "first move what the failed attempt left in its outputs, and git does not track, to .git/dlslurm/left",
    )
    .addOption(
      new Option("-J, --jobs <n>", "submissions at once").argParser(parseCount).hideHelp(),
    )
    .option("-d, --dataset <path>", "dataset of the jobs, if not in the current directory")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm retry --dry-run
  dlslurm retry 4242
  dlslurm retry --state TIMEOUT --yes -- --time=2:00:00
  dlslurm retry --grow --yes
  dlslurm retry 4242_7 --clean

Exit status: 0 all submitted, or nothing has failed; 1 a job could not be submitted; 2 wrong usage;
130 interrupted.`,
    )
    .action(async (jobIds: string[], options) => {
      await run({ ...options, ...splitWords(jobIds) });
    });
}

/** Job IDs come first; what begins with a dash is for sbatch, and all that follows it. */
function splitWords(
  words: readonly string[],
): Pick<RetryCommandOptions, "jobIds" | "sbatchOptions"> {
  const at = words.findIndex((word) => word.startsWith("-"));
  return at < 0
    ? { jobIds: words, sbatchOptions: [] }
    : { jobIds: words.slice(0, at), sbatchOptions: words.slice(at) };
}
