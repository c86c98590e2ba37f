import { Help } from "commander";
import type { Option } from "commander";
import type { CommandDefinition } from "../commands/command_definition.ts";
import { namesOf } from "./command_line.ts";

/** Of this version, not of its build: the same sources give the same page. */
const DATE = "2026-11-22";
/** mandoc(1) warns of longer ones. */
const LINE_WIDTH = 70;

/** What a manual page names beside the commands. */
export interface ManPageOptions {
  /** Of the program. */
  readonly version: string;
}

/**
 * Renders the manual page dlslurm(1) from the definitions of the command line, in the `man` macros that
 * both groff and mandoc read.
 */
export function renderManPage(program: CommandDefinition, { version }: ManPageOptions): string {
  const commands = program.commands;
  return [
    `.TH DLSLURM 1 ${DATE} "dlslurm ${version}" "User Commands"`,
    ".SH NAME",
    text("dlslurm - record Slurm batch jobs in a Git or DataLad dataset"),
    ".SH SYNOPSIS",
    ".B dlslurm",
    text("[options] command [command options] [arguments]"),
    ".SH DESCRIPTION",
    text(program.description()),
    ".SH OPTIONS",
    ...optionParagraphs(program),
    ".SH COMMANDS",
    ...commands.flatMap(commandParagraphs),
    ...epilogueOf(program),
    ".SH SEE ALSO",
    ...[["sbatch", 1], ["sacct", 1], ["git", 1], ["git-annex", 1], ["datalad", 1]]
      .map(([name, section], at, all) =>
        `.BR ${String(name).replace("-", "\\-")} (${section})${at + 1 < all.length ? "," : ""}`
      ),
    "",
  ].join("\n");
}

function commandParagraphs(command: CommandDefinition): string[] {
  const description = command.description() || command.summary();
  return [
    `.SS dlslurm ${escape(command.name())}`,
    ".B dlslurm",
    text(`${namesOf(command).join("|")} ${command.usage()}`),
    ".PP",
    text(description),
    ...command.registeredArguments.flatMap((argument) => [
      ".TP",
      `.I ${text(argument.name())}`,
      text(argument.description),
    ]),
    ...optionParagraphs(command),
    ...epilogueOf(command),
  ];
}

function optionParagraphs(command: CommandDefinition): string[] {
  const help = command.createHelp();
  return help.visibleOptions(command).flatMap((option: Option) => [
    ".TP",
    `.B ${text(option.flags)}`,
    text(help.optionDescription(option)),
  ]);
}

/** Examples and exit status stand behind the help in commander's hands: they come out with the whole. */
function epilogueOf(command: CommandDefinition): string[] {
  let whole = "";
  const former = command.configureOutput();
  command.configureOutput({ ...former, writeOut: (part) => whole += part });
  command.outputHelp();
  command.configureOutput(former);
  const rest = whole.slice(command.helpInformation().length).trim();
  if (rest === "") return [];
  return rest.split(/\n\n+/).flatMap((paragraph) => {
    const [first, ...lines] = paragraph.split("\n");
    if (first === "Examples:") {
      return [".PP", "Examples:", ".PP", ".nf", ...lines.map(escape), ".fi"];
    }
    return [".PP", text([first, ...lines].join(" "))];
  });
}

/** Text as troff reads it, in short lines. */
function text(plain: string): string {
  return new Help().boxWrap(plain.trim(), LINE_WIDTH).split("\n").map(escape).join("\n");
}

/** Backslashes, hyphens that are minus signs, quotes, and a dot that would begin a request. */
function escape(line: string): string {
  return line.trimEnd().replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("`", "\\(ga")
    .replaceAll("'", "\\(aq").replaceAll("…", "...").replace(/^\./, "\\&.");
}
