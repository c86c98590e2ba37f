import { findShellSyntax, splitShellWords } from "../process/shell_words.ts";
import { COMPONENT_SEPARATOR, isBeforeScript, readOption } from "./sbatch_words.ts";
import type { ReadOption } from "./sbatch_words.ts";

/** What a submission command says, as far as it can be read without a shell. */
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
 * Reads a submission command. What a shell would make of variables is not known; of another program than
 * sbatch only the long name of an option is taken for it.
 */
export function readSubmissionCommand(command: string): SubmissionCommand {
  const words = splitLeniently(command);
  const start = words.findIndex((word) => /(^|\/)sbatch$/.test(word));
  if (start < 0) {
    return { dependency: longOptionIn(words), script: undefined, isPlain: false };
  }
  const isPlain = start === 0 && findShellSyntax(command) === undefined;
  return { ...readSbatchOptions(words.slice(start + 1)), isPlain };
}

/** Reads the words behind `sbatch`, or those of a directive. */
export function readSbatchOptions(
  words: readonly string[],
): Omit<SubmissionCommand, "isPlain"> {
  const dependencies: (string | undefined)[] = [undefined];
  const found: { chdir?: string; wrap?: string } = {};
  let at = 0;
  for (; at < words.length && isBeforeScript(words[at]!); at++) {
    if (words[at] === COMPONENT_SEPARATOR) {
      dependencies.push(undefined);
      continue;
    }
    let option: ReadOption;
    try {
      option = readOption(words[at]!);
    } catch {
      // An option that is not known: what follows may be its value, or the script.
      const dependency = longOptionIn(words.slice(at)) ?? joinAll(dependencies);
      return { ...found, dependency, script: undefined };
    }
    const value = (option.takesNext ? words[++at] : option.value) ?? "";
    if (option.name === "d" || option.name === "dependency") dependencies.splice(-1, 1, value);
    if (option.name === "D" || option.name === "chdir") found.chdir = value;
    if (option.name === "wrap") found.wrap = value;
  }
  const script = words[words[at] === "--" ? at + 1 : at];
  return {
    ...found,
    dependency: joinAll(dependencies),
    script: found.wrap === undefined ? script : undefined,
  };
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
