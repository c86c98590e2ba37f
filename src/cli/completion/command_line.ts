import type { Argument, Command, Option } from "commander";
import type { CommandDefinition } from "../definitions/command_definition.ts";

/** An option of the command line, as it is defined. */
export type OptionDefinition = Option;

/** An argument of a command, as it is defined. */
export type ArgumentDefinition = Argument;

/** What stands at the cursor of an unfinished command line. */
export interface Position {
  /** The command that was named, or the program itself. */
  readonly command: CommandDefinition;
  /** What is expected there. */
  readonly expects:
    | { readonly kind: "command" }
    | { readonly kind: "option" }
    | { readonly kind: "value"; readonly option: OptionDefinition }
    | { readonly kind: "argument"; readonly argument: ArgumentDefinition; readonly index: number }
    | { readonly kind: "nothing" };
  /** What was typed of it so far; without `prefix`. */
  readonly typed: string;
  /** `--option=` where the value stands in the same word: every candidate begins with it. */
  readonly prefix: string;
  /** Folders of `-C` and the dataset of `-d`, in the order given. */
  readonly folders: readonly string[];
}

/**
 * Finds out what the last of `words`, the one at the cursor, is to be; `words` do not hold the program.
 * Nothing is refused: a line that is wrong already is completed as far as it makes sense.
 */
export function findPosition(program: CommandDefinition, words: readonly string[]): Position {
  let command: Command = program;
  let awaiting: Option | undefined;
  let operands = 0;
  let isLiteral = false;
  const folders: string[] = [];
  const note = (option: Option, value: string) => {
    if (option.long === "--folder" || option.long === "--dataset") folders.push(value);
  };
  for (const word of words.slice(0, -1)) {
    if (awaiting !== undefined) {
      note(awaiting, word);
      awaiting = undefined;
    } else if (word === "--") isLiteral = true;
    else if (!isLiteral && word.startsWith("-") && !isPassingThrough(command, operands)) {
      const [name, value] = splitOption(word);
      const option = optionOf(program, command, name);
      if (option !== undefined && value !== undefined) note(option, value);
      else if (option?.required) awaiting = option;
    } else if (command === program) {
      command = program.commands.find((each) => namesOf(each).includes(word)) ?? command;
    } else operands++;
  }
  const typed = words.at(-1) ?? "";
  const at = { command, folders, typed, prefix: "" };
  if (awaiting !== undefined) return { ...at, expects: { kind: "value", option: awaiting } };
  if (!isLiteral && typed.startsWith("-") && !isPassingThrough(command, operands)) {
    const [name, value] = splitOption(typed);
    const option = optionOf(program, command, name);
    if (value === undefined || option === undefined) return { ...at, expects: { kind: "option" } };
    return { ...at, expects: { kind: "value", option }, typed: value, prefix: `${name}=` };
  }
  if (command === program) return { ...at, expects: { kind: "command" } };
  const known = command.registeredArguments;
  const argument = known[operands] ?? (known.at(-1)?.variadic ? known.at(-1) : undefined);
  if (argument === undefined) return { ...at, expects: { kind: "nothing" } };
  return { ...at, expects: { kind: "argument", argument, index: operands } };
}

/** The options that may stand at this place, hidden ones left out. */
export function optionsAt(
  program: CommandDefinition,
  command: CommandDefinition,
): OptionDefinition[] {
  const own = command.createHelp().visibleOptions(command);
  const shared = program.createHelp().visibleOptions(program)
    .filter(({ long }) => long !== "--version" && !own.some((option) => option.long === long));
  return command === program ? own : [...own, ...shared];
}

/** All names that a command answers to. */
export function namesOf(command: CommandDefinition): string[] {
  return [command.name(), ...command.aliases()];
}

/** Behind the first word of a submission command everything belongs to that. */
function isPassingThrough(command: CommandDefinition, operands: number): boolean {
  return operands > 0 && command.registeredArguments.at(-1)?.name() === "command" &&
    command.registeredArguments.at(-1)!.variadic;
}

function optionOf(program: CommandDefinition, command: CommandDefinition, name: string) {
  return [...command.options, ...program.options]
    .find((option) => option.long === name || option.short === name);
}

function splitOption(word: string): [string, string | undefined] {
  const end = word.startsWith("--") ? word.indexOf("=") : -1;
  return end < 0 ? [word, undefined] : [word.slice(0, end), word.slice(end + 1)];
}
