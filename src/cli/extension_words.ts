import { readLine } from "./command_line.ts";
import type { CommandDefinition } from "../commands/command_definition.ts";
import { YES_OR_NO } from "../commands/option_values.ts";

/** An option that is often given without a value. */
interface OptionalValue {
  /** The value that a word is; `undefined` if it is none. */
  readonly valueOf: (word: string) => string | undefined;
  /** What it means without one. */
  readonly without: string;
}

/**
 * Options that must not take the next word for their value unless it can be one: behind `--check-outputs` of
 * the Python extension may stand the command, behind `--lineage` a path, behind `--grow` a job ID.
 */
const OPTIONAL_VALUES: Readonly<Record<string, OptionalValue>> = {
  "--check-outputs": {
    valueOf: (word) => YES_OR_NO.has(word.toLowerCase()) ? word.toLowerCase() : undefined,
    without: "true",
  },
  "--lineage": { valueOf: (word) => /^(tree|mermaid|dot|json)$/.exec(word)?.[0], without: "tree" },
  "--grow": {
    valueOf: (word) => /^(time|memory)=.*/.exec(word)?.[0],
    without: "time=1.5,memory=2",
  },
};

/** The same words, but each such option with its value as one word. */
export function withJoinedValues(program: CommandDefinition, args: readonly string[]): string[] {
  let words = [...args];
  for (const [option, { valueOf, without }] of Object.entries(OPTIONAL_VALUES)) {
    while (words.includes(option)) {
      const given = readLine(program, words).options.find(({ at }) => words[at] === option);
      if (given === undefined) break; // it belongs to the submission command
      const value = valueOf(words[given.at + 1] ?? "");
      const joined = `${option}=${value ?? without}`;
      words = words.toSpliced(given.at, value === undefined ? 1 : 2, joined);
    }
  }
  return words;
}
