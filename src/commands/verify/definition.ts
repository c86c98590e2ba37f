import { Argument, Command, Option } from "commander";
import { UserError } from "../../errors.ts";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";
import { collect, pollOption, timeoutOption } from "../option_values.ts";
import type { WaitingOptions } from "../option_values.ts";

/** What `verify` was asked for. */
export interface VerifyOptions extends OptionsInDataset, WaitingOptions {
  /** Job IDs or commits; none: the newest run. With `since` at most one, the end of the range. */
  readonly revisions: readonly string[];
  /** All repetitions after this commit; empty: all in history. */
  readonly since?: string | undefined;
  /** Regular expressions: what matches is left out of both texts. */
  readonly ignore: readonly string[];
  /** Numbers may differ by so much of the larger one. */
  readonly numeric?: number | undefined;
  /** Have the jobs run once more, each in a worktree. */
  readonly run?: boolean | undefined;
  /** With `run`, the commit whose files they get; absent: each those that it had. */
  readonly onto?: string | undefined;
  /** With `run`, wait until they have ended, and tell how they came out. */
  readonly wait?: boolean | undefined;
  /** With `run`, ask nobody. */
  readonly yes?: boolean | undefined;
}

/** Defines `verify`; `run` gets the options. */
export function verifyCommand(run: (options: VerifyOptions) => Promise<void>): CommandDefinition {
  return new Command("verify")
    .summary("check whether a repeated job gave the same results")
    .description(
      "Compares the outputs of a job that reschedule repeated with those of the run that it repeats; logs " +
        "and environment files are left out. They are compared by their names in git and git-annex, " +
        "without being read; where they differ it shows the sizes and, for texts that are here, the first lines " +
        "that differ. An output that the repetition did not write again is the one that was there: it " +
        "counts as identical. With --run the job is first repeated with the files that it had, in a separate " +
        "worktree, so neither your branch nor your files change.",
    )
    .addArgument(
      new Argument(
        "[revision...]",
        "job ID, label or commit of the repetition, or of a run that was repeated, whose newest repetition is " +
          "then taken; with --run, of the run to be repeated; without any, the newest job",
      ),
    )
    .option(
      "--since <revision>",
      "all repetitions after this commit, with --run all recorded jobs that repeat no other: --since=v1.0; " +
        "--since= (empty): all in the history",
    )
    .option(
      "--run",
      "run the recorded jobs again, each in a new worktree at the commit that it was submitted on, and with " +
        "--wait report how they came out; finish commits the results to a branch dlslurm/onto-… and removes the " +
        "worktree",
    )
    .option(
      "--onto <revision>",
      "with --run, take scripts and inputs as of this commit instead: --onto v2.0",
    )
    .option(
      "--wait",
      "with --run, wait until the jobs have ended, finish them and report the verdict",
    )
    .addOption(pollOption("with --wait, "))
    .addOption(timeoutOption("with --wait, "))
    .option("-y, --yes", "with --run, run what somebody else recorded without asking")
    .addOption(
      new Option(
        "--ignore <pattern>",
        "ignore what matches this regular expression in texts (repeatable): --ignore '[0-9:]{8}' for times " +
          "of day, '\\r' where one has CRLF for LF. Without it, git's setting dlslurm.verify.ignore",
      ).argParser(collect).default([], "none"),
    )
    .addOption(
      new Option(
        "--numeric <tolerance>",
        "treat numbers in texts as equal if they differ by no more than this fraction of the larger one: " +
          "--numeric 1e-6; what is between them must be the same, except for blanks",
      ).argParser(parseTolerance),
    )
    .option("-d, --dataset <path>", "dataset of the jobs, if not in the current directory")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm verify
  dlslurm verify 4242
  dlslurm verify 4242 --run --wait
  dlslurm verify --since=v1.0 --numeric 1e-9
  dlslurm verify --ignore 'at [0-9:]+' -f json | jq .reproduces

Exit status: 0 all identical, or with --run without --wait all submitted; 1 something differs, is missing or
is new, or nothing was repeated; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (revisions: string[], options) => await run({ ...options, revisions }));
}

function parseTolerance(text: string): number {
  const tolerance = Number(text);
  if (text.trim() !== "" && tolerance >= 0 && tolerance < 1) return tolerance;
  throw new UserError(
    "USAGE",
    `Cannot take "${text}" as a tolerance: it is a fraction, from 0 to 1`,
    {
      hint: "--numeric 1e-6: numbers may differ by a millionth",
    },
  );
}
