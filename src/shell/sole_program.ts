import { ASSIGNMENT_REGEXP, splitShellWords } from "./shell_words.ts";

/**
 * What a shell reads without running anything: quoted text, an escaped character, a variable, a descriptor
 * that is copied.
 */
const INERT_REGEXP =
  /'[^']*'|"(?:[^"\\$`]|\\[\s\S]|\$\w+|\$\{\w+\})*"|\\[\s\S]|\$\w+|\$\{\w+\}|[<>]&[0-9-]/g;
/** What may run something, or begin what is read otherwise: `$(`, `&&`, a here-document, a comment. */
const ACTIVE_REGEXP = /[$`|&;()\n"'\\]|<<|(?<!\S)#/;

/**
 * The words of the one program that a shell line runs, without assignments before it; `undefined` where
 * the shell may run more than that.
 */
export function wordsOfSoleProgram(line: string): string[] | undefined {
  if (ACTIVE_REGEXP.test(line.trim().replace(INERT_REGEXP, ""))) return undefined;
  const words = splitShellWords(line);
  const start = words.findIndex((word) => !ASSIGNMENT_REGEXP.test(word));
  return start < 0 ? undefined : words.slice(start);
}
