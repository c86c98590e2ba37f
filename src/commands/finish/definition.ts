import { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "../command_definition.ts";
import type { FinishOptions } from "./finish_options.ts";
import { collect, notifyOption, parseCount, pollOption, timeoutOption } from "../option_values.ts";

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
        "there, on the branch of the worktree, which is removed when nothing is left to do in it.",
    )
    .addArgument(
      new Argument(
        "[job-id...]",
        "finish these jobs only, by their IDs or labels; without any, all open jobs of this worktree",
      ),
    )
    .option("--slurm-job-id <id>", "the same, in the words of the Python extension")
    .addOption(
      new Option(
        "-o, --output <path>",
        "commit this as well (repeatable): for outputs of a job that were not given to schedule; needs the ID " +
          "of one job: finish 4242 -o extra.txt",
      )
        .argParser(collect).default([], "none"),
    )
    .option(
      "-m, --message <text>",
      "paragraph for the commit messages, before that of schedule: -m 'after the repair'",
    )
    .option("-d, --dataset <path>", "dataset whose jobs to finish, if not in the current directory")
    .option(
      "--ended",
      "skip jobs that are pending or running: they do not count as failures, and exit status 0 means that " +
        "nothing has failed. For cron and for scripts: finish --ended -f generic --report-status failure",
    )
    .option(
      "-w, --wait",
      "wait until the jobs have ended, as wait does, and then finish them; rows of a table that had to wait " +
        "for room are also submitted and waited for. Ctrl-C while it waits changes nothing",
    )
    .option("--each", "with --wait: commit jobs as they end, not when all have ended")
    .addOption(pollOption("with --wait: "))
    .addOption(timeoutOption("with --wait: "))
    .addOption(notifyOption())
    .option(
      "--submit",
      "do nothing now: a tiny job waits in the queue until the open jobs have ended, successfully or not, " +
        "and then runs finish with the options given here. It replaces the one of an earlier call. " +
        "Put options for sbatch after --: finish --submit -- -p short --time=30",
    )
    .addOption(new Option("--unattended <token>", "what such a job runs").hideHelp())
    .option(
      "--close-failed-jobs",
      "give failed jobs up without a commit, if their outputs are of no use: these can be " +
        "claimed again, and the files stay untouched",
    )
    .option(
      "--discard",
      "with --close-failed-jobs or --close-unknown-jobs: remove what the closed jobs left in their outputs, and " +
        "their logs; only files that git does not track",
    )
    .option(
      "--commit-failed-jobs",
      "also commit failed jobs, if their outputs are worth keeping: the subject shows the state, and " +
        "reschedule --with-failed-jobs submits them again",
    )
    .addOption(new Option("--accept-failed-jobs", "the same as --commit-failed-jobs"))
    .option(
      "--commit-completed-tasks",
      "for an array that is one job, commit the tasks that have completed, each separately, when others have " +
        "failed; those stay open, for retry. Needs its job ID, and outputs that were named with {task}: what " +
        "tasks wrote to a common place cannot be separated",
    )
    .option(
      "--close-unknown-jobs",
      "give up jobs that Slurm no longer knows, for example because accounting was purged or lost their " +
        "end, or whose worktree was removed; needs their job IDs, since they may still run",
    )
    .option(
      "--commit-unknown-jobs",
      "commit jobs that Slurm no longer reports, or not all tasks of, when you know that they are done; " +
        "needs their job IDs: finish 4242 --commit-unknown-jobs",
    )
    .option(
      "--close-waiting-jobs",
      "give up the rows of schedule --from that were not submitted yet, instead of submitting those " +
        "for which the site had no room",
    )
    .option(
      "--require-outputs",
      "leave a job open if it completed without writing one of its outputs, or if Git ignores one; " +
        "otherwise this is a warning",
    )
    .option(
      "--allow-no-outputs",
      "also finish a job that wrote none of its outputs; otherwise it stays open, since it " +
        "may have written elsewhere: finish 4242 -o PATH",
    )
    .addOption(
      new Option(
        "--branches",
        "commit each job on a separate branch, slurm-job-branch-ID, to look at before merging; the " +
          "current branch does not move",
      ).conflicts("octopus"),
    )
    .option(
      "--octopus",
      "commit the jobs side by side, then merge all into the current branch: the history shows that none " +
        "was built on another",
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
