import { ASSIGNMENT_REGEXP, findShellSyntax } from "../shell/shell_words.ts";
import { wordsOfSoleProgram } from "../shell/sole_program.ts";
import { farCommandOf } from "./named_commands.ts";

/** They run what stands behind them, once. */
const PREFIX_REGEXP = /^(?:command|env|exec|nice|nohup|time)$/;

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
