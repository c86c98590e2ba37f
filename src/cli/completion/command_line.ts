import { optionOf, readLine, splitOption } from "../command_line.ts";
import type {
  ArgumentDefinition,
  CommandDefinition,
  OptionDefinition,
} from "../../commands/command_definition.ts";

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
  const line = readLine(program, words.slice(0, -1));
  const { command, awaiting, operands, isLiteral } = line;
  const folders = line.options
    .filter(({ option }) => option?.long === "--folder" || option?.long === "--dataset")
    .flatMap(({ value }) => value ?? []);
  const typed = words.at(-1) ?? "";
  const at = { command, folders, typed, prefix: "" };
  if (awaiting !== undefined) return { ...at, expects: { kind: "value", option: awaiting } };
  if (!isLiteral && typed.startsWith("-")) {
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
