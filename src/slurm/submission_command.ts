import { findShellSyntax, splitShellWords } from "../process/shell_words.ts";
import { readOption } from "./sbatch_words.ts";

/** What a submission command says, as far as it can be read without a shell. */
export interface SubmissionCommand {
  /** The value of `--dependency`; `undefined` if there is none. */
  readonly dependency: string | undefined;
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
): Pick<SubmissionCommand, "dependency" | "script"> {
  let dependency: string | undefined;
  let hasWrap = false;
  let at = 0;
  for (; at < words.length && /^-./.test(words[at]!) && words[at] !== "--"; at++) {
    let option: ReturnType<typeof readOption>;
    try {
      option = readOption(words[at]!);
    } catch {
      // An option that is not known: what follows may be its value, or the script.
      return { dependency: longOptionIn(words.slice(at)) ?? dependency, script: undefined };
    }
    const value = option.takesNext ? words[++at] : valueIn(words[at]!);
    if (option.name === "d" || isDependency(option.name)) dependency = value;
    hasWrap ||= option.name === "wrap";
  }
  const script = words[words[at] === "--" ? at + 1 : at];
  return { dependency, script: hasWrap ? undefined : script };
}

/** getopt_long(3): a beginning that no other option has, of deadline and delay-boot, will do. */
function isDependency(name: string): boolean {
  return name.length > 2 && "dependency".startsWith(name);
}

/** `--name=value`, or `-nVALUE` behind letters that take none. */
function valueIn(word: string): string | undefined {
  if (word.startsWith("--")) return word.includes("=") ? word.slice(word.indexOf("=") + 1) : "";
  return /^-[hHIkOQsvVW]*d(.+)$/.exec(word)?.[1];
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
