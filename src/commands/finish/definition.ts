import { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "../command_definition.ts";
import type { FinishOptions } from "./finish_options.ts";
import { collect, notifyOption, parseCount } from "../option_values.ts";
import { pollOption, timeoutOption } from "../wait/definition.ts";

/** Defines `finish`; `run` gets the options. */
export function finishCommand(
  run: (options: FinishOptions) => Promise<void>,
): CommandDefinition {
  return new Command("finish").alias("slurm-finish")
    .summary("commit the outputs of completed jobs")
    .description(
      "Asks Slurm for the open jobs and commits the outputs of those that completed, one commit each, " +
        "with a record of how they were made. Jobs that still run, that failed, or that Slurm does not " +
        "know stay open and are reported. Jobs in worktrees of reschedule --onto and verify --run are committed " +
        "there, on the branch of the worktree, which goes when nothing is left to do in it.",
    )
    .addArgument(
      new Argument(
        "[job-id...]",
        "finish these jobs only, by their IDs or labels; without any, all open jobs of this work tree",
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
      "--ended",
      "leave jobs alone that are pending or running: they are no failure, and exit status 0 says that " +
        "nothing has failed. For cron and for scripts: finish --ended -f generic --report-status failure",
    )
    .option(
      "-w, --wait",
      "wait until the jobs have ended, as wait does, and then finish them; rows of a table that had to wait " +
        "for room are submitted and waited for, too. Ctrl-C while it waits leaves all as it is",
    )
    .option("--each", "with --wait: commit jobs as they end, not when all have")
    .addOption(pollOption("with --wait: "))
    .addOption(timeoutOption("with --wait: "))
    .addOption(notifyOption())
    .option(
      "--submit",
      "do nothing now: a tiny job waits in the queue until the open jobs have ended, whatever became of them, " +
        "and runs finish then, with the options that stand here. It replaces the one of an earlier call. " +
        "Behind -- stand options for sbatch: finish --submit -- -p short --time=30",
    )
    .addOption(new Option("--unattended <token>", "what such a job runs").hideHelp())
    .option(
      "--close-failed-jobs",
      "give failed jobs up without a commit, when what they wrote is worth nothing: their outputs can be " +
        "claimed again, their files stay untouched",
    )
    .option(
      "--discard",
      "with --close-failed-jobs or --close-unknown-jobs: remove what the closed jobs left in their outputs, and " +
        "their logs; only files that git does not know",
    )
    .option(
      "--commit-failed-jobs",
      "commit failed jobs, too, when what they wrote is worth keeping: the state stands in the subject, and " +
        "reschedule --with-failed-jobs repeats them",
    )
    .addOption(new Option("--accept-failed-jobs", "the same as --commit-failed-jobs"))
    .option(
      "--commit-completed-tasks",
      "of an array that is one job commit the tasks that have completed, each by itself, when others have " +
        "failed; those stay open, for retry. Needs its job ID, and outputs that were named with {task}: what " +
        "tasks wrote to a common place nobody could tell apart",
    )
    .option(
      "--close-unknown-jobs",
      "give jobs up that Slurm does not know any more, say after accounting was purged or lost their " +
        "end, or whose worktree was removed; needs their job IDs, for they may run all the same",
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
      "leave a job open that completed without writing one of its outputs, or of which Git ignores one; " +
        "otherwise that is a warning",
    )
    .option(
      "--allow-no-outputs",
      "finish a job, too, that completed with nothing at any of its outputs; otherwise it stays open, for it " +
        "may have written elsewhere: finish 4242 -o PATH",
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
  dlslurm finish 4242 --commit-completed-tasks
  dlslurm finish --wait --each --timeout 8h
  dlslurm finish --submit -- --partition=short --time=30
  dlslurm finish --ended && echo 'nothing has failed'

Exit status: 0 everything committed, closed or nothing to do; 1 a job could not be finished;
2 wrong usage; 130 interrupted.`,
    )
    .action(async (jobIds: string[], options) => {
      const isJob = options.submit === true || options.unattended !== undefined;
      const [ids, sbatchOptions] = isJob ? partSbatchOptions(jobIds) : [jobIds, []];
      const named = options.slurmJobId === undefined ? ids : [...ids, options.slurmJobId];
      const commitFailedJobs = options.commitFailedJobs ?? options.acceptFailedJobs;
      await run({ ...options, jobIds: named, sbatchOptions, commitFailedJobs });
    });
}

/** Job IDs, and what stands behind them from the first word on that is an option of sbatch. */
function partSbatchOptions(words: readonly string[]): [string[], string[]] {
  const at = words.findIndex((word) => word.startsWith("-"));
  return at < 0 ? [[...words], []] : [words.slice(0, at), words.slice(at)];
}
