import { findShellSyntax, splitShellWords } from "../process/shell_words.ts";
import { farCommandOf } from "./named_commands.ts";

/**
 * What a shell reads without running anything: quoted text, an escaped character, a variable, a descriptor
 * that is copied.
 */
const INERT_REGEXP =
  /'[^']*'|"(?:[^"\\$`]|\\[\s\S]|\$\w+|\$\{\w+\})*"|\\[\s\S]|\$\w+|\$\{\w+\}|[<>]&[0-9-]/g;
/** What may run something, or begin what is read otherwise: `$(`, `&&`, a here-document, a comment. */
const ACTIVE_REGEXP = /[$`|&;()\n"'\\]|<<|(?<!\S)#/;

const ASSIGNMENT_REGEXP = /^[A-Za-z_]\w*\+?=/;
/** They run what stands behind them, once. */
const PREFIX_REGEXP = /^(?:command|env|exec|nice|nohup|time)$/;

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

/** Whether a shell line runs sbatch once and nothing else, here or by ssh on another machine. */
export function isSoleSbatch(line: string): boolean {
  const words = wordsOfSoleProgram(line);
  if (words === undefined) return false;
  const at = words.findIndex((word) => !PREFIX_REGEXP.test(word) && !ASSIGNMENT_REGEXP.test(word));
  const program = words[at] ?? "";
  if (/(?:^|\/)sbatch$/.test(program)) return true;
  if (!/(?:^|\/)ssh$/.test(program)) return false;
  // The far shell reads what the one here makes of variables and patterns, whatever that is.
  if (findShellSyntax(line.replace(/(?<!\\)[<>](?:&[0-9-])?/g, " ")) !== undefined) return false;
  const command = farCommandOf(words.slice(at + 1));
  return command !== undefined && isSoleSbatch(command);
}
