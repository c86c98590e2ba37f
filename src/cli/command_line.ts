import type { CommandDefinition, OptionDefinition } from "../commands/command_definition.ts";

/** An option as it stands on a command line. */
export interface GivenOption {
  /** As it is defined; `undefined` if there is no such option. */
  readonly option: OptionDefinition | undefined;
  /** Which of the words names it. */
  readonly at: number;
  /** In the same word or in the next; `undefined` if it has none. */
  readonly value: string | undefined;
}

/** Words of a command line, read as far as they make sense. */
export interface ReadLine {
  /** The command that was named, or the program itself. */
  readonly command: CommandDefinition;
  /** The options in their order. */
  readonly options: readonly GivenOption[];
  /** The last option, if its value would be the next word. */
  readonly awaiting: OptionDefinition | undefined;
  /** How many words are neither option, value nor command. */
  readonly operands: number;
  /** Whether the next word is no option, whatever it looks like. */
  readonly isLiteral: boolean;
}

/**
 * Reads a command line by the definitions that also parse it, without refusing anything: for what has to
 * be known before it is parsed, or where it cannot be.
 *
 * @param words without the program.
 */
export function readLine(program: CommandDefinition, words: readonly string[]): ReadLine {
  let command: CommandDefinition = program;
  let awaiting: OptionDefinition | undefined;
  let operands = 0;
  let isLiteral = false;
  const options: GivenOption[] = [];
  for (const [at, word] of words.entries()) {
    if (awaiting !== undefined) {
      options[options.length - 1] = { ...options.at(-1)!, value: word };
      awaiting = undefined;
    } else if (word === "--") isLiteral = true;
    else if (!isLiteral && word.startsWith("-") && word !== "-") {
      const { option, value } = findOption(program, command, word);
      options.push({ option, at, value });
      if (option?.required && value === undefined) awaiting = option;
    } else if (command === program) {
      command = program.commands.find((each) => namesOf(each).includes(word)) ?? command;
      isLiteral ||= readsItsOwnWords(command);
    } else {
      operands++;
      isLiteral ||= isSubmissionCommand(command);
    }
  }
  return { command, options, awaiting, operands, isLiteral };
}

/** The last value that was given for an option, by its long name. */
export function lastValueOf({ options }: ReadLine, long: string): string | undefined {
  return options.findLast(({ option }) => option?.long === long)?.value;
}

/** All names that a command answers to. */
export function namesOf(command: CommandDefinition): string[] {
  return [command.name(), ...command.aliases()];
}

/** `--name=value` → `--name` and `value`. */
export function splitOption(word: string): [string, string | undefined] {
  const end = word.startsWith("--") ? word.indexOf("=") : -1;
  return end < 0 ? [word, undefined] : [word.slice(0, end), word.slice(end + 1)];
}

/** The option of a command, or of the program, by its long or short name. */
export function optionOf(
  program: CommandDefinition,
  command: CommandDefinition,
  name: string,
): OptionDefinition | undefined {
  return [...command.options, ...program.options]
    .find((option) => option.long === name || option.short === name);
}

function findOption(program: CommandDefinition, command: CommandDefinition, word: string) {
  const [name, value] = splitOption(word);
  const option = optionOf(program, command, name);
  if (option !== undefined || word.startsWith("--")) return { option, value };
  // -fjson; of several letters that take no value none matters here.
  const short = optionOf(program, command, word.slice(0, 2));
  return short?.required ? { option: short, value: word.slice(2) } : { option: short, value };
}

/** fake-slurm and fixtures have options of their own. */
function readsItsOwnWords(command: CommandDefinition): boolean {
  return command.registeredArguments.at(-1)?.name() === "words";
}

/** Behind the first word of a submission command everything belongs to that. */
function isSubmissionCommand(command: CommandDefinition): boolean {
  const last = command.registeredArguments.at(-1);
  return last?.name() === "command" && last.variadic;
}
