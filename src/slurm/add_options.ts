import { quote } from "shlex";
import { findShellSyntax, splitShellWords } from "../process/shell_words.ts";
import { parseSbatchWords } from "./sbatch_words.ts";

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
  const words = splitShellWords(command);
  const { script } = parseSbatchWords(words, true);
  // --wrap is an option itself: then all words are options.
  const before = "wrap" in script ? words.length : indexOfScript(words, script.path);
  const end = endOfWord(command, before);
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
  const words = splitShellWords(command);
  const { script } = parseSbatchWords(words, true);
  const options = "wrap" in script ? words.length : indexOfScript(words, script.path);
  const at = words.slice(0, options).lastIndexOf(option);
  if (at < 1) return command;
  return `${command.slice(0, endOfWord(command, at))}${command.slice(endOfWord(command, at + 1))}`;
}

/** The options end before `--`, if there is one, or before the script. */
function indexOfScript(words: readonly string[], script: string): number {
  const rest = parseSbatchWords(words, true);
  const at = words.length - rest.args.length - 1;
  if (words[at] !== script) throw new SyntaxError("it cannot be told where its script stands");
  return words[at - 1] === "--" ? at - 1 : at;
}

/** Where the first `count` words of a line end. */
function endOfWord(line: string, count: number): number {
  const word = /(?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+/gy;
  let end = 0;
  for (let found = 0; found < count; found++) {
    word.lastIndex = end + /^\s*/.exec(line.slice(end))![0].length;
    if (word.exec(line) === null) break;
    end = word.lastIndex;
  }
  return end;
}
