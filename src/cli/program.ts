import { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "./definitions/command_definition.ts";
import { adoptCommand } from "./definitions/adopt.ts";
import { finishCommand } from "./definitions/finish.ts";
import { listCommand } from "./definitions/list.ts";
import { recoverCommand } from "./definitions/recover.ts";
import { rescheduleCommand } from "./definitions/reschedule.ts";
import { scheduleCommand } from "./definitions/schedule.ts";
import type { CommandContext } from "../commands/context.ts";
import { UserError } from "../errors.ts";
import { SHELLS } from "./completion/scripts.ts";
import type { Shell } from "./completion/scripts.ts";
import { addGlobalOptions, readGlobalOptions } from "./global_options.ts";
import type { GlobalSettings } from "./global_options.ts";

/** How a command's run is started once its options are read. */
export type Start = (
  action: string,
  settings: GlobalSettings,
  run: (context: CommandContext) => Promise<void>,
) => Promise<void>;

/** What is told without a dataset. */
export type Told =
  | { readonly kind: "help"; readonly command: string | undefined }
  | { readonly kind: "man page" }
  | { readonly kind: "completion"; readonly shell: Shell }
  | {
    readonly kind: "forwarded";
    readonly command: ForwardedCommand;
    /** All that stands behind the command. */
    readonly words: readonly string[];
    /** Of `-C` before it. */
    readonly folders: readonly string[];
  };

/** Commands whose words are read where they are understood: they have options of their own. */
export type ForwardedCommand = "fake-slurm" | "fixtures";

/**
 * Defines the command line: every command, its options and help.
 *
 * @param start runs a command in a dataset.
 * @param tell shows what needs none.
 */
export function defineProgram(
  start: Start,
  tell: (told: Told) => Promise<void> = () => Promise.resolve(),
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
    .addHelpText("after", PROGRAM_NOTE);
  addGlobalOptions(program, false)
    .addOption(new Option("-d, --dataset <path>", "the same as behind the command").hideHelp());
  // What a command does is read only when it is asked for: most of the program is that.
  const starting = <Options>(
    action: string,
    load: () => Promise<(options: Options, context: CommandContext) => Promise<void>>,
  ) =>
  async (options: Options) => {
    const settings = readGlobalOptions(program.opts(), options as Record<string, unknown>);
    // Some type -d before the command, as -C.
    const { dataset } = program.opts();
    const all = dataset === undefined ? options : { dataset, ...options };
    await start(action, settings, async (context) => await (await load())(all, context));
  };
  const commands = [
    scheduleCommand(
      starting(
        "slurm-schedule",
        async () => (await import("../commands/schedule/schedule.ts")).runSchedule,
      ),
    ),
    finishCommand(
      starting(
        "slurm-finish",
        async () => (await import("../commands/finish/finish.ts")).runFinish,
      ),
    ),
    rescheduleCommand(
      starting(
        "slurm-reschedule",
        async () => (await import("../commands/reschedule/reschedule.ts")).runReschedule,
      ),
    ),
    listCommand(
      starting("slurm-list", async () => (await import("../commands/list/list.ts")).runList),
    ),
    recoverCommand(
      starting(
        "slurm-recover",
        async () => (await import("../commands/submit/recover.ts")).runRecover,
      ),
    ),
    adoptCommand(
      starting(
        "slurm-adopt",
        async () => (await import("../commands/extension/adopt.ts")).runAdopt,
      ),
    ),
  ];
  for (const command of commands) {
    program.addCommand(
      addGlobalOptions(withHelp(command), true).addHelpText("after", GLOBAL_NOTE),
    );
  }
  const forward = (command: ForwardedCommand) => (words: string[]) =>
    tell({ kind: "forwarded", command, words, folders: foldersOnly(command, program) });
  program.addCommand(forwardedCommand(
    "fake-slurm",
    "a Slurm of its own, to try things on: fake-slurm env",
    forward("fake-slurm"),
  ));
  program.addCommand(forwardedCommand(
    "fixtures",
    "record what a Slurm answers, and replay it: fixtures --help",
    forward("fixtures"),
  ));
  program.addCommand(withHelp(completionCommand((shell) => tell({ kind: "completion", shell }))));
  program.addCommand(withHelp(helpCommand(tell)));
  return program;
}

function withHelp(command: CommandDefinition): CommandDefinition {
  return command.helpOption("-h, --help", "show this").showHelpAfterError(WHERE_HELP_IS);
}

function forwardedCommand(
  name: ForwardedCommand,
  summary: string,
  run: (words: string[]) => Promise<void>,
): CommandDefinition {
  return new Command(name).summary(summary).argument("[words...]", `see dlslurm ${name} --help`)
    .helpOption(false).allowUnknownOption().passThroughOptions().action(run);
}

/** The folders of `-C`; another option before such a command is refused: it reports no results. */
function foldersOnly(name: ForwardedCommand, program: CommandDefinition): string[] {
  const { folder = [], ...others } = program.opts<{ folder?: string[] }>();
  const option = program.options.find((each) => each.attributeName() in others);
  if (option === undefined) return folder;
  throw new UserError(
    "USAGE",
    `Cannot use ${option.long} with ${name}: of the options before a command it takes only -C. ` +
      "Nothing was done",
    { hint: `dlslurm ${name} --help` },
  );
}

function completionCommand(run: (shell: Shell) => Promise<void>): CommandDefinition {
  return new Command("completion")
    .summary("teach a shell to complete dlslurm: commands, options, job IDs, revisions, files")
    .description(
      "Prints a script that teaches a shell to complete the command line of dlslurm at the tab key: " +
        "commands, options and their values, IDs of open jobs, revisions, files. Slurm is not asked. " +
        "Load it where the shell starts.",
    )
    .addArgument(new Argument("<shell>", "which shell's script").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  eval "$(dlslurm completion bash)"         # in ~/.bashrc
  eval "$(dlslurm completion zsh)"          # in ~/.zshrc, after compinit
  dlslurm completion fish >~/.config/fish/completions/dlslurm.fish

Exit status: 0 printed; 2 wrong usage.`,
    )
    .action(run);
}

function helpCommand(tell: (told: Told) => Promise<void>): CommandDefinition {
  return new Command("help")
    .summary("show how a command is used, or the manual page")
    .description(
      "Shows how a command is used. The manual page holds the same for all commands; it is part of " +
        "the program, so that it can be read where only this file was copied to.",
    )
    .addArgument(new Argument("[command]", "all of them if none is named"))
    .option("--man", "print the manual page, for man(1): read it at once, or keep it as a file")
    .addHelpText(
      "after",
      `
Examples:
  dlslurm help finish
  dlslurm help --man | man -l -
  dlslurm help --man >~/.local/share/man/man1/dlslurm.1

Exit status: 0 shown; 2 wrong usage.`,
    )
    .action((command: string | undefined, { man }: { man?: boolean }) =>
      tell(man === true ? { kind: "man page" } : { kind: "help", command })
    );
}

const WHERE_HELP_IS = "(dlslurm --help, or dlslurm COMMAND --help, shows what is possible)";

const PROGRAM_NOTE = `
The options above stand before a command or after it. schedule, finish and reschedule answer to
slurm-schedule, slurm-finish and slurm-reschedule, too, as in the DataLad SLURM extension.

Examples:
  dlslurm schedule -o results sbatch job.sh
  dlslurm list
  dlslurm finish
  dlslurm -f json finish | jq .commit
  dlslurm -C /data/climate --report-status failure finish

Exit status: 0 everything ok or not needed; 1 some result is impossible or error; 2 wrong usage;
130 interrupted.`;

const GLOBAL_NOTE = "\nOptions of every command (-C, -c, -f, --on-failure, …): dlslurm --help";
