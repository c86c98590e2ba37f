import { Command, Option } from "commander";
import type { CommandDefinition } from "../commands/command_definition.ts";
import type { CommandContext } from "../commands/context.ts";
import { addGlobalOptions, readGlobalOptions } from "./global_options.ts";
import type { GlobalSettings } from "./global_options.ts";
import { listGuides } from "./guides/guides.ts";
import { isForwarded } from "./run_forwarded.ts";
import { standaloneCommands } from "./standalone_commands.ts";
import type { RunStandalone } from "./standalone_commands.ts";

/** A command whose options were read. */
export interface CommandToStart {
  /** As its results are called. */
  readonly action: string;
  /** What the options of every command say. */
  readonly settings: GlobalSettings;
  /** What can be found out while the command is still being loaded. */
  readonly ahead: Ahead;
  /** What it does. */
  readonly run: (context: CommandContext) => Promise<void>;
}

/** What a command will ask for in any case. */
export interface Ahead {
  /** The dataset that `-d` names, `undefined` for the one around; absent where it is not opened as usual. */
  readonly dataset?: { readonly named: string | undefined };
  /** Whether it will have to say which process it is. */
  readonly identity: boolean;
}

/** How a command's run is started once its options are read. */
export type Start = (command: CommandToStart) => Promise<void>;

/**
 * Defines the command line: every command, its options and help.
 *
 * @param start runs a command in a dataset.
 * @param runStandalone runs one that needs none.
 * @param first the first word of a command line that is only to be run: where it names a command in a
 * dataset, the others are left out.
 */
export async function defineProgram(
  start: Start,
  runStandalone: RunStandalone = () => Promise.resolve(),
  first?: string,
): Promise<CommandDefinition> {
  const program = withHelp(new Command("dlslurm"));
  program.description(
    "Records Slurm batch jobs in a Git or DataLad dataset: schedule submits a job and notes what it " +
      "will write, finish commits the outputs of completed jobs with a record of how they were made, " +
      "reschedule submits a recorded job again.",
  )
    .enablePositionalOptions()
    .option("--version", "show the versions of dlslurm and of its runtime")
    .helpCommand(false)
    // "reschedule|slurm-reschedule [options] [revision]" would leave no room for what it does.
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", programNote);
  addGlobalOptions(program, false)
    .addOption(new Option("-d, --dataset <path>", "the same as after the command").hideHelp());
  const starting: Starting = (action, load, { opens = true, identifies = false } = {}) => {
    return async (options) => {
      const settings = readGlobalOptions(program.opts(), options as Record<string, unknown>);
      // Some type -d before the command, as -C.
      const { dataset } = program.opts();
      const all = dataset === undefined ? options : { dataset, ...options };
      const ahead = {
        ...(opens ? { dataset: { named: all.dataset } } : {}),
        identity: identifies,
      };
      await start({
        action,
        settings,
        ahead,
        run: async (context) => await (await load())(all, context),
      });
    };
  };
  const name = first?.replace(EXTENSION_NAME_REGEXP, "$1") ?? "";
  const asked = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const loads = asked === undefined ? Object.values(COMMANDS) : [asked];
  for (const command of await Promise.all(loads.map((load) => load(starting)))) {
    program.addCommand(
      addGlobalOptions(withHelp(command), true).addHelpText("after", GLOBAL_NOTE),
    );
  }
  if (asked !== undefined) return program;
  for (const command of standaloneCommands(program, runStandalone)) {
    program.addCommand(isForwarded(command.name()) ? command : withHelp(command));
  }
  return program;
}

/**
 * Makes of a command's run what starts it with the options that were read. What it does is loaded only when
 * it is asked for: most of the program is that.
 */
type Starting = <Options extends { readonly dataset?: string | undefined }>(
  action: string,
  load: () => Promise<(options: Options, context: CommandContext) => Promise<void>>,
  needs?: { readonly opens?: boolean; readonly identifies?: boolean },
) => (options: Options) => Promise<void>;

/** The commands that work in a dataset, in the order of the help. Of most runs one is to be defined. */
const COMMANDS: Readonly<Record<string, (starting: Starting) => Promise<CommandDefinition>>> = {
  schedule: async (starting) => {
    const { scheduleCommand } = await import("../commands/schedule/definition.ts");
    const load = async () => (await import("../commands/schedule/schedule.ts")).runSchedule;
    return scheduleCommand(starting("slurm-schedule", load, { identifies: true }));
  },
  finish: async (starting) => {
    const { finishCommand } = await import("../commands/finish/definition.ts");
    const load = async () => (await import("../commands/finish/finish.ts")).runFinish;
    return finishCommand(starting("slurm-finish", load, { identifies: true }));
  },
  reschedule: async (starting) => {
    const { rescheduleCommand } = await import("../commands/reschedule/definition.ts");
    const load = async () => (await import("../commands/reschedule/reschedule.ts")).runReschedule;
    return rescheduleCommand(starting("slurm-reschedule", load, { identifies: true }));
  },
  retry: async (starting) => {
    const { retryCommand } = await import("../commands/retry/definition.ts");
    const load = async () => (await import("../commands/retry/retry.ts")).runRetry;
    return retryCommand(starting("slurm-retry", load, { identifies: true }));
  },
  list: async (starting) => {
    const { listCommand } = await import("../commands/list/definition.ts");
    const load = async () => (await import("../commands/list/list.ts")).runList;
    return listCommand(starting("slurm-list", load));
  },
  wait: async (starting) => {
    const { waitCommand } = await import("../commands/wait/definition.ts");
    const load = async () => (await import("../commands/wait/wait.ts")).runWait;
    return waitCommand(starting("slurm-wait", load));
  },
  show: async (starting) => {
    const { showCommand } = await import("../commands/show/definition.ts");
    const load = async () => (await import("../commands/show/show.ts")).runShow;
    return showCommand(starting("slurm-show", load));
  },
  verify: async (starting) => {
    const { verifyCommand } = await import("../commands/verify/definition.ts");
    const load = async () => (await import("../commands/verify/verify.ts")).runVerify;
    return verifyCommand(starting("slurm-verify", load));
  },
  compare: async (starting) => {
    const { compareCommand } = await import("../commands/compare/definition.ts");
    const load = async () => (await import("../commands/compare/compare.ts")).runCompare;
    return compareCommand(starting("slurm-compare", load));
  },
  export: async (starting) => {
    const { exportCommand } = await import("../commands/export/definition.ts");
    const load = async () => (await import("../commands/export/export.ts")).runExport;
    return exportCommand(starting("slurm-export", load));
  },
  report: async (starting) => {
    const { reportCommand } = await import("../commands/report/definition.ts");
    const load = async () => (await import("../commands/report/report.ts")).runReport;
    return reportCommand(starting("slurm-report", load));
  },
  recover: async (starting) => {
    const { recoverCommand } = await import("../commands/recover/definition.ts");
    const load = async () => (await import("../commands/recover/recover.ts")).runRecover;
    return recoverCommand(starting("slurm-recover", load));
  },
  adopt: async (starting) => {
    const { adoptCommand } = await import("../commands/adopt/definition.ts");
    const load = async () => (await import("../commands/adopt/adopt.ts")).runAdopt;
    return adoptCommand(starting("slurm-adopt", load));
  },
  handover: async (starting) => {
    const { handoverCommand } = await import("../commands/handover/definition.ts");
    const load = async () => (await import("../commands/handover/handover.ts")).runHandover;
    return handoverCommand(starting("slurm-handover", load));
  },
  doctor: async (starting) => {
    const { doctorCommand } = await import("../commands/doctor/definition.ts");
    const load = async () => (await import("../commands/doctor/doctor.ts")).runDoctor;
    return doctorCommand(starting("slurm-doctor", load, { opens: false }));
  },
};

/** As the Python extension calls three of them. */
const EXTENSION_NAME_REGEXP = /^slurm-(schedule|finish|reschedule)$/;

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
