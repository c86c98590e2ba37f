import { Command, Option } from "commander";
import { adoptCommand, runAdopt } from "../commands/adopt.ts";
import { finishCommand, runFinish } from "../commands/finish.ts";
import { listCommand, runList } from "../commands/list.ts";
import { recoverCommand, runRecover } from "../commands/recover.ts";
import { rescheduleCommand, runReschedule } from "../commands/reschedule.ts";
import { runSchedule, scheduleCommand } from "../commands/schedule.ts";
import type { CommandContext, CommandDefinition } from "../commands/context.ts";

/** How a command's run is started once its options are read. */
export type Start = (
  action: string,
  isJson: boolean,
  run: (context: CommandContext) => Promise<void>,
) => Promise<void>;

/** Defines the command line: every command, its options and help. */
export function defineProgram(start: Start): CommandDefinition {
  const program = new Command("dlslurm");
  program.description(
    "Records Slurm batch jobs in a Git or DataLad dataset: schedule submits a job and notes what it " +
      "will write, finish commits the outputs of completed jobs with a record of how they were made, " +
      "reschedule submits a recorded job again.",
  )
    .enablePositionalOptions()
    .addOption(outputFormat())
    .option("--version", "show the versions of dlslurm, its runtime and SQLite")
    .helpCommand(false)
    .showHelpAfterError("(dlslurm --help, or dlslurm COMMAND --help, shows what is possible)");
  const starting =
    <Options>(action: string, run: (options: Options, context: CommandContext) => Promise<void>) =>
    async (options: Options) => {
      // -f may stand before the command, as with datalad, or after it.
      const formats = [program.opts(), options as { outputFormat?: string }];
      const isJson = formats.some((given) => given["outputFormat"] === "json");
      await start(action, isJson, (context) => run(options, context));
    };
  const commands = [
    scheduleCommand(starting("slurm-schedule", runSchedule)),
    finishCommand(starting("slurm-finish", runFinish)),
    rescheduleCommand(starting("slurm-reschedule", runReschedule)),
    listCommand(starting("slurm-list", runList)),
    recoverCommand(starting("slurm-recover", runRecover)),
    adoptCommand(starting("slurm-adopt", runAdopt)),
  ];
  for (const command of commands) program.addCommand(command.addOption(outputFormat()));
  // Their options are Slurm's own: they are read where they are understood, and shown there.
  program.command("fake-slurm").summary("a Slurm of its own, to try things on: fake-slurm env")
    .helpOption(false);
  program.command("fixtures").summary("record what a Slurm answers, and replay it: fixtures --help")
    .helpOption(false);
  return program;
}

function outputFormat(): Option {
  return new Option("-f, --output-format <format>", "how results are printed")
    .choices(["default", "json"]).default("default");
}
