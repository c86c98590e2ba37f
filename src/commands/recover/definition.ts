import { Argument, Command, Option } from "commander";
import type { CommandDefinition, OptionsInDataset } from "../command_definition.ts";

/** What `recover` was asked for. */
export interface RecoverOptions extends OptionsInDataset {
  /** Key of the submission as typed; absent: only list what is unclear. */
  readonly submission?: string | undefined;
  /** The job that came of it, as typed, `4242` or `4242;CLUSTER`; never together with `notSubmitted`. */
  readonly jobId?: string | undefined;
  /** The cluster that the job is on; absent: the one that the command or `jobId` names, or this one. */
  readonly cluster?: string | undefined;
  /** The user's word that no job came of it: its claims are released. */
  readonly notSubmitted?: boolean | undefined;
  /** Whether `jobId` is noted although Slurm tells of another command, folder or time. */
  readonly yes?: boolean | undefined;
  /** Whether Slurm is to be asked; without `submission` about all. */
  readonly auto?: boolean | undefined;
}

/** Defines `recover`; `run` gets the options. */
export function recoverCommand(
  run: (options: RecoverOptions) => Promise<void>,
): CommandDefinition {
  return new Command("recover")
    .summary("settle submissions whose answer was lost")
    .description(
      "Lists the submissions that Slurm may or may not have accepted: sbatch was stopped, " +
        "timed out, or printed no job ID. They keep their outputs claimed until you say which is the " +
        "case. What is clear from what sbatch printed is settled at once.",
    )
    .addArgument(new Argument("[submission]", "number of the submission, as listed"))
    .option("-d, --dataset <path>", "dataset to look in")
    .addOption(
      new Option(
        "--job-id <id>",
        "Slurm accepted it: this is its job ID, for another cluster followed by its name: '4242;big'",
      ).conflicts("notSubmitted"),
    )
    .option(
      "--cluster <name>",
      "the cluster that the job is on; by default what the command names with -M",
    )
    .option(
      "-y, --yes",
      "accept the job of --job-id although Slurm reports another submission under this ID",
    )
    .option(
      "--not-submitted",
      "Slurm has no such job: release its outputs; a table row waits again and keeps them",
    )
    .addOption(
      new Option(
        "--auto",
        "ask Slurm, and settle what it can show: a submission is the one job that has its command line, folder " +
          "and time in accounting, or no job, if Slurm certainly has none",
      ).conflicts(["jobId", "cluster", "notSubmitted"]),
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm recover
  dlslurm recover --auto
  dlslurm recover 7 --job-id 4242
  dlslurm recover 7 --job-id 4242 --cluster big
  dlslurm recover 7 --not-submitted

Exit status: 0 nothing is unclear; 1 something still is; 2 wrong usage.`,
    )
    .action(async (submission: string | undefined, options) =>
      await run({ ...options, submission })
    );
}
