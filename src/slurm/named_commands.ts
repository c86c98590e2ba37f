import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { findShellSyntax, splitShellWords } from "../shell/shell_words.ts";

/** Slurm's programs that dlslurm calls by itself, and that other commands may stand for. */
const NAMEABLE_PROGRAMS: readonly string[] = [
  ...["sacct", "squeue", "scontrol", "sinfo", "sbatch", "scancel"],
];

/** The command that stands for a program. */
export interface NamedCommand {
  /** As the setting has it. */
  readonly text: string;
  /** What is started here: of a command of ssh what stands before the one for the far shell. */
  readonly words: readonly [string, ...string[]];
  /** Of a command of ssh what the far shell is to run, the arguments still to come; `null` of all others. */
  readonly remote: string | null;
}

/** Commands by the names of the programs that they stand for. */
export type NamedCommands = ReadonlyMap<string, NamedCommand>;

/** Git's setting that names the command for a program. */
export function settingOf(program: string): string {
  return `dlslurm.slurm.${program}`;
}

/**
 * Reads which commands stand for Slurm's programs. Their words are those that a shell would make of them;
 * no shell is run, so that there is nothing that a shell would have to read.
 *
 * @param config the user's own settings: a dataset that somebody else made must not choose programs.
 * @throws {UserError} `BAD_CONFIG`
 */
export function readNamedCommands(
  config: { get(name: string): string | undefined },
): NamedCommands {
  const commands = new Map<string, NamedCommand>();
  for (const program of NAMEABLE_PROGRAMS) {
    const text = config.get(settingOf(program));
    if (text === undefined) continue;
    try {
      commands.set(program, readNamedCommand(text, program));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const setting = settingOf(program);
      throw new UserError(
        "BAD_CONFIG",
        `Cannot ask Slurm by ${setting}, "${text}": ${error.message}`,
        {
          hint: `name a program and its arguments, as in: git config ${setting} "ssh login1 ` +
            `${program}"; what a shell has to read belongs into a script`,
          cause: error,
        },
      );
    }
  }
  return commands;
}

/** @throws {SyntaxError} If it is no command; the message is the end of a sentence. */
function readNamedCommand(text: string, program: string): NamedCommand {
  const special = findShellSyntax(text);
  if (special !== undefined) throw new SyntaxError(`a shell would have to read its ${special}`);
  const [first, ...rest] = splitShellWords(text);
  if (first === undefined || first === "") throw new SyntaxError("it names no program");
  if (!/(?:^|\/)ssh$/.test(first)) return { text, words: [first, ...rest], remote: null };
  const end = endOfDestination(rest);
  // ssh(1) joins these words with blanks, and the far shell reads them.
  const remote = rest.slice(end).join(" ") || program;
  const farSpecial = findShellSyntax(remote);
  if (farSpecial !== undefined) {
    throw new SyntaxError(`the far shell would have to read its ${farSpecial}`);
  }
  return { text, words: [first, ...rest.slice(0, end)], remote };
}

/** What the far shell is to run, by the words behind `ssh`; `undefined` if they name no machine. */
export function farCommandOf(words: readonly string[]): string | undefined {
  try {
    return words.slice(endOfDestination(words)).join(" ");
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Options of ssh(1) that take a value. */
const SSH_VALUES = "BbcDEeFIiJLlmOopPQRSWw";

/** Where the command behind the destination begins; options may stand on both sides of that. */
function endOfDestination(words: readonly string[]): number {
  let hasDestination = false;
  let at = 0;
  while (at < words.length) {
    const word = words[at]!;
    if (!word.startsWith("-") || word === "-") {
      if (hasDestination) break;
      hasDestination = true;
      at++;
    } else if (word === "--") {
      // What follows is no option.
      at += hasDestination ? 1 : 2;
      hasDestination = true;
      break;
    } else {
      const letter = [...word.slice(1)].findIndex((each) => SSH_VALUES.includes(each));
      at += letter >= 0 && letter === word.length - 2 ? 2 : 1;
    }
  }
  if (!hasDestination || at > words.length) throw new SyntaxError("it names no machine for ssh");
  return at;
}

/** Variables to set, or with `undefined` to take away. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The command line that stands for one of Slurm's, with its variables. ssh hands on neither words nor
 * variables: both are written into a line that the far shell reads, each argument quoted.
 */
export function inPlaceOf(
  argv: readonly [string, ...string[]],
  env: Variables,
  commands: NamedCommands,
): { readonly argv: readonly [string, ...string[]]; readonly env: Variables } {
  const [program, ...args] = argv;
  const command = commands.get(program);
  if (command === undefined) return { argv, env };
  const { words, remote } = command;
  if (remote === null) return { argv: [...words, ...args], env };
  const variables = Object.entries(env);
  const taken = variables.filter(([, value]) => value === undefined);
  const set = variables.filter(([, value]) => value !== undefined);
  const line = [
    ...(variables.length === 0 ? [] : ["env"]),
    ...taken.flatMap(([name]) => ["-u", name]),
    ...set.map(([name, value]) => quote(`${name}=${value}`)),
    remote,
    ...args.map((arg) => quote(arg)),
  ].join(" ");
  return { argv: [...words, line], env: {} };
}
