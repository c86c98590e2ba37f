import { Command } from "commander";
import { adoptCommand, runAdopt } from "../commands/adopt.ts";
import { finishCommand, runFinish } from "../commands/finish.ts";
import { listCommand, runList } from "../commands/list.ts";
import { recoverCommand, runRecover } from "../commands/recover.ts";
import { rescheduleCommand, runReschedule } from "../commands/reschedule.ts";
import { runSchedule, scheduleCommand } from "../commands/schedule.ts";
import type { CommandContext, CommandDefinition } from "../commands/context.ts";
import { addGlobalOptions, readGlobalOptions } from "./global_options.ts";
import type { GlobalSettings } from "./global_options.ts";

/** How a command's run is started once its options are read. */
export type Start = (
  action: string,
  settings: GlobalSettings,
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
    .option("--version", "show the versions of dlslurm, its runtime and SQLite")
    .helpCommand("help [command]", "show how a command is used")
    .helpOption("-h, --help", "show this")
    // "reschedule|slurm-reschedule [options] [revision]" would leave no room for what it does.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", PROGRAM_NOTE)
    .showHelpAfterError(WHERE_HELP_IS);
  addGlobalOptions(program, false);
  const starting =
    <Options>(action: string, run: (options: Options, context: CommandContext) => Promise<void>) =>
    async (options: Options) => {
      const settings = readGlobalOptions(program.opts(), options as Record<string, unknown>);
      await start(action, settings, (context) => run(options, context));
    };
  const commands = [
    scheduleCommand(starting("slurm-schedule", runSchedule)),
    finishCommand(starting("slurm-finish", runFinish)),
    rescheduleCommand(starting("slurm-reschedule", runReschedule)),
    listCommand(starting("slurm-list", runList)),
    recoverCommand(starting("slurm-recover", runRecover)),
    adoptCommand(starting("slurm-adopt", runAdopt)),
  ];
  for (const command of commands) {
    command.helpOption("-h, --help", "show this").showHelpAfterError(WHERE_HELP_IS);
    program.addCommand(addGlobalOptions(command, true).addHelpText("after", GLOBAL_NOTE));
  }
  // Their options are Slurm's own: they are read where they are understood, and shown there.
  program.command("fake-slurm").summary("a Slurm of its own, to try things on: fake-slurm env")
    .helpOption(false);
  program.command("fixtures").summary("record what a Slurm answers, and replay it: fixtures --help")
    .helpOption(false);
  return program;
}

const WHERE_HELP_IS = "(dlslurm --help, or dlslurm COMMAND --help, shows what is possible)";

const PROGRAM_NOTE = `
Options above stand before the command or after it. Each command answers to slurm-COMMAND, too.

Examples:
  dlslurm schedule -o results sbatch job.sh
  dlslurm list
  dlslurm finish
  dlslurm -f json finish | jq .commit
  dlslurm -C /data/climate --report-status failure finish

Exit status: 0 everything ok or not needed; 1 some result is impossible or error; 2 wrong usage;
130 interrupted.`;

const GLOBAL_NOTE = "\nOptions of every command (-C, -c, -f, --on-failure, …): dlslurm --help";
