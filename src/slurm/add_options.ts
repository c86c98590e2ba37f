import { quote } from "shlex";
import { findShellSyntax, placeShellWords } from "../shell/shell_words.ts";
import type { PlacedWord } from "../shell/shell_words.ts";
import { parseSbatchWords, readOptions } from "./sbatch_words.ts";

/**
 * Gives an sbatch command further options, behind those that it has: sbatch(1) takes the last of several.
 * The rest of the line stays as it was typed.
 *
 * @param options words, each as sbatch is to get it.
 * @param escape for lines that are not just a shell's: makes a character mean itself there.
 * @throws {SyntaxError} If it is no plain sbatch command; the message is the end of a sentence.
 */
export function addSbatchOptions(
  command: string,
  options: readonly string[],
  escape: (text: string) => string = (text) => text,
): string {
  if (options.length === 0) return command;
  const special = findShellSyntax(command);
  if (special !== undefined) throw new SyntaxError(`a shell has to read its ${special}`);
  const { end } = wordsBeforeScript(command).at(-1)!;
  const added = options.map((option) => escape(quote(option))).join(" ");
  return `${command.slice(0, end)} ${added}${command.slice(end)}`;
}

/**
 * Takes an option out again that {@linkcode addSbatchOptions} has added.
 *
 * @param option one word; the last of several alike goes.
 * @returns the command as it is if it has no such option.
 * @throws {SyntaxError} As {@linkcode addSbatchOptions}.
 */
export function withoutSbatchOption(command: string, option: string): string {
  const words = wordsBeforeScript(command);
  const at = words.findLastIndex(({ text }) => text === option);
  if (at < 1) return command;
  return `${command.slice(0, words[at - 1]!.end)}${command.slice(words[at]!.end)}`;
}

/** `sbatch` and its options: up to `--`, if there is one, or to the script. */
function wordsBeforeScript(command: string): PlacedWord[] {
  const words = placeShellWords(command);
  const texts = words.map(({ text }) => text);
  parseSbatchWords(texts, true);
  return words.slice(0, words.length - readOptions(texts.slice(1)).rest.length);
}
