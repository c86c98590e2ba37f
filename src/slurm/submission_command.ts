import { basename } from "node:path";
import { readShellLine } from "../shell/shell_commands.ts";
import type { ShellCommand, ShellLine, ShellWord } from "../shell/shell_commands.ts";
import { findShellSyntax, splitShellWords } from "../shell/shell_words.ts";
import { readOptions } from "./sbatch_words.ts";
import type { Option } from "./sbatch_words.ts";

/** What a submission command says. */
export interface SubmissionCommand {
  /** The value of `--dependency`; `undefined` if there is none. */
  readonly dependency: string | undefined;
  /** The value of `--chdir`; absent if there is none. */
  readonly chdir?: string;
  /** The text of `--wrap`; absent if there is none. */
  readonly wrap?: string;
  /** The batch script as it is named; `undefined` if none can be told. */
  readonly script: string | undefined;
  /** Whether it is sbatch with its words and nothing that a shell would have to read: all is as it stands. */
  readonly isPlain: boolean;
}

/**
 * Reads a submission command, as far as it is certain. In one that a shell has to read, the dependency is told where
 * only one sbatch can be what submits, and the script where nothing else in it can change which file that reads, or
 * what is in it. Of another program than sbatch only the long name of an option is taken for it.
 */
export function readSubmissionCommand(command: string): SubmissionCommand {
  const guess = guessSubmissionCommand(command);
  if (guess.isPlain || !splitLeniently(command).some(isSbatch)) return guess;
  const unknown = { dependency: undefined, script: undefined, isPlain: false };
  const line = readShellLine(command);
  const call = line && findOnlyCall(line);
  if (call === undefined) return unknown;
  const words = call.words.slice(call.words.findIndex(({ text }) => isSbatch(text)) + 1);
  const { script, ...read } = readSbatchOptions(words.map(({ text }) => text));
  const isCertain = script !== undefined && isSbatch(call.words[0]!.text) &&
    isCertainToRead(line!, call, script, words);
  return { ...read, script: isCertain ? script : undefined, isPlain: false };
}

/**
 * Reads a submission command as if the first sbatch in it were all that there is, and what a shell would do were not
 * done: good for changing the words that stand there.
 */
export function guessSubmissionCommand(command: string): SubmissionCommand {
  const words = splitLeniently(command);
  const start = words.findIndex(isSbatch);
  if (start < 0) {
    return { dependency: longOptionIn(words), script: undefined, isPlain: false };
  }
  const isPlain = start === 0 && findShellSyntax(command) === undefined;
  return { ...readSbatchOptions(words.slice(start + 1)), isPlain };
}

function isSbatch(word: string): boolean {
  return /(^|\/)sbatch$/.test(word);
}

/** The only command of a line that can have submitted a job; `undefined` if there may be others. */
function findOnlyCall({ commands, substitutions }: ShellLine): ShellCommand | undefined {
  const named = commands.filter(({ assignments, words }) =>
    [...assignments, ...words].some(({ text }) => /\bsbatch\b/.test(text))
  );
  const [call] = named;
  if (named.length !== 1 || call!.words.filter(({ text }) => isSbatch(text)).length !== 1) {
    return undefined;
  }
  if (substitutions.some((code) => code.includes("sbatch"))) return undefined;
  // Of two ways one is taken; the other one may submit, too.
  const hasWays = commands.some(({ operator }) => operator === "||");
  return hasWays && !commands.every((each) => each === call || isHarmless(each)) ? undefined : call;
}

/** Whether sbatch reads this script, as it is before the line is run. */
function isCertainToRead(
  { commands, substitutions }: ShellLine,
  call: ShellCommand,
  script: string,
  words: readonly ShellWord[],
): boolean {
  if (substitutions.length > 0) return false;
  if (!commands.every((each) => each === call || isHarmless(each))) return false;
  // An expansion may be options, or a script, or nothing.
  const at = words.findIndex(({ text }) => text === script);
  if (!words[at]!.isFixed || !words.slice(0, at).every(({ isOne }) => isOne)) return false;
  const written = commands.flatMap((each) => [...each.writes, ...filesOfTee(each)]);
  return written.every(({ text, isFixed }) => isFixed && basename(text) !== basename(script));
}

/** What neither submits, nor changes a folder or a file, but for what its redirections write. */
const HARMLESS_REGEXP =
  /^(:|cat|cut|date|echo|e?grep|exit|export|false|head|ml|mkdir|module|printf|sleep|tail|tee|tr|true|umask|uniq|wc)$/;

function isHarmless({ words }: ShellCommand): boolean {
  const [name, program] = words;
  // Assignments alone.
  if (name === undefined) return true;
  if (!name.isFixed) return false;
  // What prints, and neither writes nor runs anything.
  if (name.text === "awk") {
    return words.length === 2 && program!.isFixed && !/[>|(]/.test(program!.text);
  }
  return HARMLESS_REGEXP.test(name.text);
}

function filesOfTee({ words }: ShellCommand): readonly ShellWord[] {
  return words[0]?.text === "tee" ? words.slice(1).filter(({ text }) => !text.startsWith("-")) : [];
}

/** Reads the words behind `sbatch`, or those of a directive. */
export function readSbatchOptions(
  words: readonly string[],
): Omit<SubmissionCommand, "isPlain"> {
  const { components, rest, problem } = readOptions(words);
  const chdir = lastValueOf("chdir", components.flat());
  const wrap = lastValueOf("wrap", components.flat());
  const dependency = joinAll(components.map((own) => lastValueOf("dependency", own)));
  const isKnown = problem === undefined;
  return {
    ...(chdir === undefined ? {} : { chdir }),
    ...(wrap === undefined ? {} : { wrap }),
    // Behind an option that is not known stands its value, or the script.
    dependency: isKnown ? dependency : longOptionIn(rest) ?? dependency,
    script: isKnown && wrap === undefined ? rest[rest[0] === "--" ? 1 : 0] : undefined,
  };
}

function lastValueOf(option: string, options: readonly Option[]): string | undefined {
  return options.findLast(({ name }) => name === option)?.value;
}

/** The components of a heterogeneous job start together: what one waits for, all do. */
function joinAll(dependencies: readonly (string | undefined)[]): string | undefined {
  const named = dependencies.filter((one) => one !== undefined);
  return named.length === 0 ? undefined : named.filter((one) => one !== "").join(",");
}

function longOptionIn(words: readonly string[]): string | undefined {
  const at = words.findLastIndex((word) => /^--dependency(=|$)/.test(word));
  if (at < 0) return undefined;
  return words[at] === "--dependency" ? words[at + 1] : words[at]!.slice("--dependency=".length);
}

/** The words of a line; of one that no shell would take, what stands between blanks. */
export function splitLeniently(line: string): string[] {
  try {
    return splitShellWords(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return line.split(/\s+/).filter((word) => word !== "");
  }
}
