import { Argument, Command } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";
import { notifyOption, pollOption, timeoutOption } from "../option_values.ts";
import type { WaitingOptions } from "../option_values.ts";

/** What `wait` was asked for. */
export interface WaitOptions extends OptionsInDataset, WaitingOptions {
  /** Shell command that is run at the end; absent: the configured one. */
  readonly notify?: string | undefined;
  /** As typed; empty: all open jobs of this work tree, also those that are scheduled meanwhile. */
  readonly jobIds: readonly string[];
}

/** Defines `wait`; `run` gets the options. */
export function waitCommand(run: (options: WaitOptions) => Promise<void>): CommandDefinition {
  return new Command("wait")
    .summary("wait until jobs have ended")
    .description(
      "Waits until the open jobs have ended, and changes nothing. Slurm is asked for all of them " +
        "together, and less and less often: each pause is half of the time waited so far, so a night " +
        "takes 19 questions. A job that fails and is submitted again meanwhile is waited for under its new " +
        "ID. A terminal shows a table of the jobs; elsewhere each change is a line. Ctrl-C changes nothing.",
    )
    .addArgument(
      new Argument(
        "[job-id...]",
        "wait for these jobs only, by their IDs or labels; without any, for all open jobs of this worktree, " +
          "also those scheduled meanwhile",
      ),
    )
    .option(
      "-d, --dataset <path>",
      "dataset whose jobs to wait for, if not in the current directory",
    )
    .addOption(pollOption())
    .addOption(timeoutOption())
    .addOption(notifyOption())
    .addHelpText(
      "after",
      `
Examples:
  dlslurm wait
  dlslurm wait 4242 --timeout 8h && dlslurm finish 4242
  dlslurm -f json wait | jq -r 'select(.status != "ok").slurm_job_id'

Exit status: 0 all completed, or nothing to wait for; 1 a job failed, Slurm does not know one, or
the time ran out; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (jobIds: string[], options) => await run({ ...options, jobIds }));
}
