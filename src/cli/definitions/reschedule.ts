import { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "./command_definition.ts";
import type { RescheduleOptions } from "../../commands/reschedule/reschedule.ts";
import { parseCount } from "./option_values.ts";

/** Defines `reschedule`; `run` gets the options. */
export function rescheduleCommand(
  run: (options: RescheduleOptions) => Promise<void>,
): CommandDefinition {
  return new Command("reschedule").alias("slurm-reschedule")
    .summary("submit a recorded job again")
    .description(
      "Reads the run record of a commit that finish made and submits the same command again, with " +
        "today's files. Neither HEAD nor the work tree moves, beyond outputs being made writable. If inputs " +
        "or the batch script are not what they were, it says so and goes on.",
    )
    .addArgument(
      new Argument("[revision]", "commit of the job, as finish made it, or end of the range")
        .default("HEAD"),
    )
    .option(
      "--since <revision>",
      "all recorded jobs after this commit, oldest first: --since=v1.0; --since= (empty): all in the history " +
        "of [revision]",
    )
    .option(
      "-m, --message <text>",
      "paragraph for the commit message instead of the recorded one: -m 'with the new compiler'",
    )
    .option("-d, --dataset <path>", "dataset to reschedule in, if you stand elsewhere")
    .option("--report", "submit nothing, report what would be: to look at before a long --since")
    .option(
      "--script <file>",
      "submit nothing, write the commands as a shell script, to edit or to run elsewhere; - for the screen",
    )
    .option(
      "--with-failed-jobs",
      "jobs that were committed as failed, too; they are left out otherwise",
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
      "run the jobs in a copy of their folders there, as schedule does; the recorded one is not used again",
    )
    .addOption(
      new Option(
        "-J, --jobs <n>",
        "fetch inputs with that many parallel transfers: -J 4 from a server that is far away",
      )
        .argParser(parseCount).default(1),
    )
    .addHelpText(
      "after",
      `
Examples:
  dlslurm reschedule
  dlslurm reschedule 3f2a91c
  dlslurm reschedule --since=v1.0

Exit status: 0 all submitted; 1 one was not; 2 wrong usage; 130 interrupted.`,
    )
    .action(async (revision: string, options) => await run({ ...options, revision }));
}
