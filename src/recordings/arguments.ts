import { UserError } from "../errors.ts";

/** A command line of `fixtures`, taken apart. */
export interface FixturesArguments {
  /** The folder of the recording, as given. */
  readonly directory: string;
  /** What stands behind `--`. */
  readonly command: readonly string[];
  /** Values by the option's name; a switch has one empty value. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads `DIR [OPTIONS] [-- COMMAND…]`.
 *
 * @param values options that take a value, as in `--keep NAME` and `--keep=NAME`.
 * @param switches options that take none.
 * @throws {UserError} `USAGE` for another option, without a DIR, or without a COMMAND where one is
 * needed.
 */
export function parseFixturesArguments(
  args: readonly string[],
  { usage, values, switches, needsCommand }: {
    usage: string;
    values: readonly string[];
    switches: readonly string[];
    needsCommand: boolean;
  },
): FixturesArguments {
  const end = args.indexOf("--");
  const words = end < 0 ? [...args] : args.slice(0, end);
  const command = end < 0 ? [] : args.slice(end + 1);
  const options = new Map<string, string[]>();
  const directories: string[] = [];
  const wrong = (message: string) =>
    new UserError("USAGE", `Cannot read the arguments: ${message}`, { hint: usage });
  while (words.length > 0) {
    const word = words.shift()!;
    const [, name, inline] = /^(--[a-z]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (name !== undefined && switches.includes(name) && inline === undefined) {
      options.set(name, [""]);
    } else if (name !== undefined && values.includes(name)) {
      const value = inline ?? words.shift();
      if (value === undefined || value === "") throw wrong(`${name} needs a value`);
      options.getOrInsert(name, []).push(value);
    } else if (word.startsWith("-")) throw wrong(`"${word}" is not an option`);
    else directories.push(word);
  }
  const [directory, more] = directories;
  if (directory === undefined || directory === "") {
    throw wrong("the folder of the recording is missing");
  }
  if (more !== undefined) throw wrong(`"${more}" is one folder too many; put COMMAND after --`);
  if (needsCommand && command.length === 0) throw wrong("there is no command after --");
  if (!needsCommand && end >= 0) throw wrong("no command is run");
  return { directory, command, options };
}
