import { Argument, Command } from "commander";
import type { CommandDefinition } from "../commands/command_definition.ts";
import { UserError } from "../errors.ts";
import { SHELLS } from "./completion/scripts.ts";
import type { Shell } from "./completion/scripts.ts";
import { listGuides } from "./guides/guides.ts";

/** What is done without a dataset. */
export type Standalone =
  | { readonly kind: "help"; readonly topic: string | undefined }
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

/** How such a command is run once its words are read. */
export type RunStandalone = (asked: Standalone) => Promise<void>;

/** Defines the commands that need no dataset. */
export function standaloneCommands(
  program: CommandDefinition,
  run: RunStandalone,
): CommandDefinition[] {
  const forward = (command: ForwardedCommand) => (words: string[]) =>
    run({ kind: "forwarded", command, words, folders: foldersOnly(command, program) });
  return [
    forwardedCommand(
      "fake-slurm",
      "a Slurm of its own, to try things on: fake-slurm env",
      forward("fake-slurm"),
    ),
    forwardedCommand(
      "fixtures",
      "record what a Slurm answers, and replay it: fixtures --help",
      forward("fixtures"),
    ),
    completionCommand((shell) => run({ kind: "completion", shell })),
    helpCommand(run),
  ];
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
    `Cannot use ${option.long} with ${name}: of the options before a command it takes only -C`,
    { unchanged: "Nothing was done", hint: `dlslurm ${name} --help` },
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

function helpCommand(run: RunStandalone): CommandDefinition {
  return new Command("help")
    .summary("show how a command is used, a guide, or the manual page")
    .description(
      "Shows how a command is used, or a guide with examples. Guides and manual page are part of the " +
        "program, so that they can be read where only this file was copied to.",
    )
    .addArgument(new Argument("[topic]", "a command or a guide; without one, all commands"))
    .option("--man", "print the manual page, for man(1): read it at once, or keep it as a file")
    .addHelpText(
      "after",
      () => `
Guides:
${listGuides()}

Examples:
  dlslurm help finish
  dlslurm help first-job | less
  dlslurm help guides/doctor                 # where a command has the same name
  dlslurm help record.md                     # a page that a guide leads to
  dlslurm help --man | man -l -
  dlslurm help --man >~/.local/share/man/man1/dlslurm.1

Exit status: 0 shown; 2 wrong usage.`,
    )
    .action((topic: string | undefined, { man }: { man?: boolean }) =>
      run(man === true ? { kind: "man page" } : { kind: "help", topic })
    );
}
