import { Command, Option } from "commander";
import type { CommandDefinition } from "../commands/command_definition.ts";
import { adoptCommand } from "../commands/adopt/definition.ts";
import { handoverCommand } from "../commands/handover/definition.ts";
import { compareCommand } from "../commands/compare/definition.ts";
import { doctorCommand } from "../commands/doctor/definition.ts";
import { exportCommand } from "../commands/export/definition.ts";
import { finishCommand } from "../commands/finish/definition.ts";
import { listCommand } from "../commands/list/definition.ts";
import { recoverCommand } from "../commands/recover/definition.ts";
import { reportCommand } from "../commands/report/definition.ts";
import { rescheduleCommand } from "../commands/reschedule/definition.ts";
import { retryCommand } from "../commands/retry/definition.ts";
import { scheduleCommand } from "../commands/schedule/definition.ts";
import { waitCommand } from "../commands/wait/definition.ts";
import { showCommand } from "../commands/show/definition.ts";
import { verifyCommand } from "../commands/verify/definition.ts";
import type { CommandContext } from "../commands/context.ts";
import { addGlobalOptions, readGlobalOptions } from "./global_options.ts";
import type { GlobalSettings } from "./global_options.ts";
import { listGuides } from "./guides/guides.ts";
import { isForwarded } from "./run_standalone.ts";
import { standaloneCommands } from "./standalone_commands.ts";
import type { RunStandalone } from "./standalone_commands.ts";

/** How a command's run is started once its options are read. */
export type Start = (
  action: string,
  settings: GlobalSettings,
  run: (context: CommandContext) => Promise<void>,
) => Promise<void>;

/**
 * Defines the command line: every command, its options and help.
 *
 * @param start runs a command in a dataset.
 * @param runStandalone runs one that needs none.
 */
export function defineProgram(
  start: Start,
  runStandalone: RunStandalone = () => Promise.resolve(),
): CommandDefinition {
  const program = withHelp(new Command("dlslurm"));
  program.description(
    "Records Slurm batch jobs in a Git or DataLad dataset: schedule submits a job and notes what it " +
      "will write, finish commits the outputs of completed jobs with a record of how they were made, " +
      "reschedule submits a recorded job again.",
  )
    .enablePositionalOptions()
    .option("--version", "show the versions of dlslurm, its runtime and SQLite")
    .helpCommand(false)
    // "reschedule|slurm-reschedule [options] [revision]" would leave no room for what it does.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", programNote);
  addGlobalOptions(program, false)
    .addOption(new Option("-d, --dataset <path>", "the same as behind the command").hideHelp());
  const starting: Starting = (action, load) => async (options) => {
    const settings = readGlobalOptions(program.opts(), options as Record<string, unknown>);
    // Some type -d before the command, as -C.
    const { dataset } = program.opts();
    const all = dataset === undefined ? options : { dataset, ...options };
    await start(action, settings, async (context) => await (await load())(all, context));
  };
  for (const command of datasetCommands(starting)) {
    program.addCommand(
      addGlobalOptions(withHelp(command), true).addHelpText("after", GLOBAL_NOTE),
    );
  }
  for (const command of standaloneCommands(program, runStandalone)) {
    program.addCommand(isForwarded(command.name()) ? command : withHelp(command));
  }
  return program;
}

/**
 * Makes of a command's run what starts it with the options that were read. What it does is loaded only when
 * it is asked for: most of the program is that.
 */
type Starting = <Options>(
  action: string,
  load: () => Promise<(options: Options, context: CommandContext) => Promise<void>>,
) => (options: Options) => Promise<void>;

/** What the commands do. */
const RUNS = {
  schedule: async () => (await import("../commands/schedule/schedule.ts")).runSchedule,
  finish: async () => (await import("../commands/finish/finish.ts")).runFinish,
  reschedule: async () => (await import("../commands/reschedule/reschedule.ts")).runReschedule,
  retry: async () => (await import("../commands/retry/retry.ts")).runRetry,
  list: async () => (await import("../commands/list/list.ts")).runList,
  wait: async () => (await import("../commands/wait/wait.ts")).runWait,
  show: async () => (await import("../commands/show/show.ts")).runShow,
  verify: async () => (await import("../commands/verify/verify.ts")).runVerify,
  compare: async () => (await import("../commands/compare/compare.ts")).runCompare,
  export: async () => (await import("../commands/export/export.ts")).runExport,
  report: async () => (await import("../commands/report/report.ts")).runReport,
  recover: async () => (await import("../commands/recover/recover.ts")).runRecover,
  adopt: async () => (await import("../commands/adopt/adopt.ts")).runAdopt,
  handover: async () => (await import("../commands/handover/handover.ts")).runHandover,
  doctor: async () => (await import("../commands/doctor/doctor.ts")).runDoctor,
};

function datasetCommands(starting: Starting): CommandDefinition[] {
  return [
    scheduleCommand(starting("slurm-schedule", RUNS.schedule)),
    finishCommand(starting("slurm-finish", RUNS.finish)),
    rescheduleCommand(starting("slurm-reschedule", RUNS.reschedule)),
    retryCommand(starting("slurm-retry", RUNS.retry)),
    listCommand(starting("slurm-list", RUNS.list)),
    waitCommand(starting("slurm-wait", RUNS.wait)),
    showCommand(starting("slurm-show", RUNS.show)),
    verifyCommand(starting("slurm-verify", RUNS.verify)),
    compareCommand(starting("slurm-compare", RUNS.compare)),
    exportCommand(starting("slurm-export", RUNS.export)),
    reportCommand(starting("slurm-report", RUNS.report)),
    recoverCommand(starting("slurm-recover", RUNS.recover)),
    adoptCommand(starting("slurm-adopt", RUNS.adopt)),
    handoverCommand(starting("slurm-handover", RUNS.handover)),
    doctorCommand(starting("slurm-doctor", RUNS.doctor)),
  ];
}

function withHelp(command: CommandDefinition): CommandDefinition {
  return command.helpOption("-h, --help", "show this").showHelpAfterError(WHERE_HELP_IS);
}

const WHERE_HELP_IS = "(dlslurm --help, or dlslurm COMMAND --help, shows what is possible)";

/** Made when it is to be shown. */
const programNote = () => `
The options above stand before a command or after it. schedule, finish and reschedule answer to
slurm-schedule, slurm-finish and slurm-reschedule, too, as in the DataLad SLURM extension.

Examples:
  dlslurm schedule -o results sbatch job.sh
  dlslurm list
  dlslurm finish
  dlslurm -f json finish | jq .commit
  dlslurm -C /data/climate --report-status failure finish

Guides, with examples: dlslurm help GUIDE
${listGuides()}

Exit status: 0 everything ok or not needed; 1 some result is impossible or error; 2 wrong usage;
130 interrupted.`;

const GLOBAL_NOTE = "\nOptions of every command (-C, -c, -f, --on-failure, …): dlslurm --help";
