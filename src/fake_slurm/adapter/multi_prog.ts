import { parseArraySpec } from "../array_spec.ts";
import { SlurmRefusal } from "../context.ts";

/** The command of one task. */
export type Program = readonly string[];

/**
 * Reads a file of `srun --multi-prog`, srun(1): a line `RANKS PROGRAM ARGUMENTS…` each, where RANKS is
 * `0`, `1-3`, `0,2` or `*` for the rest, and `%t` in an argument the rank, `%o` its place in RANKS.
 * Quotes mean nothing. Gives one command for each of `count` tasks.
 *
 * @throws {SlurmRefusal} In srun's words, with the number of the line.
 */
export function parseMultiProg(text: string, file: string, count: number): Program[] {
  const programs: (Program | undefined)[] = Array.from({ length: count }, () => undefined);
  for (const [at, line] of text.split("\n").entries()) {
    const words = line.trim().split(/\s+/);
    const [ranks = "", ...command] = words;
    if (ranks === "" || ranks.startsWith("#")) continue;
    const invalid = `srun: error: Line ${at + 1} of configuration file ${file} invalid\n`;
    const named = readRanks(ranks, programs);
    if (named === undefined || command.length === 0) throw new SlurmRefusal(invalid);
    for (const rank of named) {
      if (rank >= count) continue;
      if (programs[rank] !== undefined) {
        throw new SlurmRefusal(`srun: error: Duplicate record for task ${rank}\n${invalid}`);
      }
      const offset = ranks === "*" ? rank : rank - named[0]!;
      programs[rank] = command.map((word) => replaceSymbols(word, rank, offset));
    }
  }
  const missing = programs.indexOf(undefined);
  if (missing !== -1) {
    throw new SlurmRefusal(
      `srun: error: Configuration file ${file} invalid, no record for task id ${missing}\n`,
    );
  }
  return programs.filter((program) => program !== undefined);
}

function readRanks(
  text: string,
  programs: readonly (Program | undefined)[],
): readonly number[] | undefined {
  if (text === "*") return programs.flatMap((one, rank) => one === undefined ? [rank] : []);
  try {
    return parseArraySpec(text, Infinity).indices;
  } catch {
    return undefined;
  }
}

function replaceSymbols(word: string, rank: number, offset: number): string {
  return word.replace(
    /%([to%])/g,
    (_whole, symbol) => symbol === "t" ? String(rank) : symbol === "o" ? String(offset) : "",
  );
}
