import { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "./command_definition.ts";
import type { FinishOptions } from "../../commands/finish/finish.ts";
import { collect, parseCount } from "./option_values.ts";

/** Defines `finish`; `run` gets the options. */
export function finishCommand(
  run: (options: FinishOptions) => Promise<void>,
): CommandDefinition {
  return new Command("finish").alias("slurm-finish")
    .summary("commit the outputs of completed jobs")
    .description(
      "Asks Slurm for the open jobs and commits the outputs of those that completed, one commit each, " +
        "with a record of how they were made. Jobs that still run, that failed, or that Slurm does not " +
        "know stay open and are reported.",
    )
    .addArgument(
      new Argument(
        "[job-id...]",
        "finish these jobs only; without any, all open jobs of this work tree",
      ),
    )
    .option("--slurm-job-id <id>", "the same, in the words of the Python extension")
    .addOption(
      new Option(
        "-o, --output <path>",
        "commit this, too (repeatable): for what a job wrote and schedule was not told of; needs the ID " +
          "of one job: finish 4242 -o extra.txt",
      )
        .argParser(collect).default([], "none"),
    )
    .option(
      "-m, --message <text>",
      "paragraph for the commit messages, before that of schedule: -m 'after the repair'",
    )
    .option("-d, --dataset <path>", "dataset whose jobs to finish, if you stand elsewhere")
    .option(
      "--close-failed-jobs",
      "give failed jobs up without a commit, when what they wrote is worth nothing: their outputs can be " +
        "claimed again, their files stay untouched",
    )
    .option(
      "--commit-failed-jobs",
      "commit failed jobs, too, when what they wrote is worth keeping: the state stands in the subject, and " +
        "reschedule --with-failed-jobs repeats them",
    )
    .addOption(new Option("--accept-failed-jobs", "the same as --commit-failed-jobs"))
    .option(
      "--close-unknown-jobs",
      "give jobs up that Slurm does not know any more, say after accounting was purged; needs their job IDs, " +
        "for they may run all the same",
    )
    .option(
      "--commit-unknown-jobs",
      "commit jobs of which Slurm does not tell, or not of all tasks, when you know that they are done; " +
        "needs their job IDs: finish 4242 --commit-unknown-jobs",
    )
    .option(
      "--close-waiting-jobs",
      "give up the rows of schedule --from that were not submitted yet, instead of submitting those " +
        "that the site had no room for",
    )
    .option(
      "--require-outputs",
      "leave a job open that completed without writing one of its outputs; otherwise that is a warning",
    )
    .addOption(
      new Option(
        "--branches",
        "commit each job on a branch slurm-job-branch-ID of its own, to look at before merging; the " +
          "current branch stays",
      ).conflicts("octopus"),
    )
    .option(
      "--octopus",
      "commit each job beside the others, then merge all into the current branch: the history shows that none " +
        "built on another",
    )
    .option(
      "--list-open-jobs",
      "only show the open jobs and their states, in the words of the Python extension; list shows more",
    )
    .addOption(new Option("--explicit", "always so: only a job's own outputs are saved").hideHelp())
    .addOption(
      new Option("-J, --jobs <n>", "accepted for compatibility").argParser(parseCount).hideHelp(),
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm finish
  dlslurm finish 4242 -m "the run with the new grid"
  dlslurm finish --list-open-jobs
  dlslurm finish --close-failed-jobs

Exit status: 0 everything committed, closed or nothing to do; 1 a job could not be finished;
2 wrong usage; 130 interrupted.`,
    )
    .action(async (jobIds: string[], options) => {
      const named = options.slurmJobId === undefined ? jobIds : [...jobIds, options.slurmJobId];
      const commitFailedJobs = options.commitFailedJobs ?? options.acceptFailedJobs;
      await run({ ...options, jobIds: named, commitFailedJobs });
    });
}
