import { type FakeSlurmContext, SlurmRefusal } from "../context.ts";
import type { SlurmVersion } from "../manager/slurm_version.ts";

/** One option of a Slurm program. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly long: string;
  /** One letter, or empty. */
  readonly short: string;
  /** An optional one counts only where it is attached: `--long=VALUE`, `-lVALUE`. */
  readonly argument: "none" | "required" | "optional";
  /** The fake refuses it: without it the answer would be another one. */
  readonly isUnsupported: boolean;
}

/** One option as it was given. */
export interface GivenOption {
  /** The long one without the dashes, also for a short or an abbreviated option. */
  readonly name: string;
  /** Empty for an option without an argument. */
  readonly value: string;
}

/** How {@linkcode getopt} reads and refuses. */
export interface GetoptOptions {
  /** Name in front of each refusal. */
  readonly program: string;
  /** All that the program knows: abbreviations must fit one of them only. */
  readonly specs: readonly OptionSpec[];
  /** The first word that is no option ends the options (sbatch); elsewhere they may be mixed. */
  readonly stopAtFirstWord?: boolean;
  /** Exit status of a refusal. @default 1 */
  readonly refusalStatus?: number;
  /** Slurm's programs differ in whether they point at `--help`. @default true */
  readonly pointsAtHelp?: boolean;
}

/**
 * Reads options as getopt_long(3) does: abbreviations of long options, clustered short ones, `--`. Gives
 * them in their order, as often as they were given, and the words that are no options.
 *
 * @throws {SlurmRefusal} In getopt's own words, or that the fake does not support an option.
 */
export function getopt(
  args: readonly string[],
  how: GetoptOptions,
): { options: GivenOption[]; words: string[] } {
  const options: GivenOption[] = [];
  const words: string[] = [];
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift()!;
    if (argument === "--") words.push(...rest.splice(0));
    else if (argument.startsWith("--")) options.push(takeLong(argument, rest, how));
    else if (argument.startsWith("-") && argument !== "-") takeShort(argument, rest, how, options);
    else {
      words.push(argument);
      if (how.stopAtFirstWord === true) words.push(...rest.splice(0));
    }
  }
  return { options, words };
}

function takeLong(argument: string, rest: string[], how: GetoptOptions): GivenOption {
  const [whole = "", name = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
  const spec = requireSupported(findLong(name, whole, how), how);
  if (value !== undefined) {
    if (spec.argument !== "none") return { name: spec.long, value };
    throw refuse(how, `option '--${spec.long}' doesn't allow an argument`);
  }
  if (spec.argument !== "required") return { name: spec.long, value: "" };
  const next = rest.shift();
  if (next === undefined) throw refuse(how, `option '--${spec.long}' requires an argument`);
  return { name: spec.long, value: next };
}

function findLong(name: string, argument: string, how: GetoptOptions): OptionSpec {
  const exact = how.specs.find((spec) => spec.long === name);
  if (exact !== undefined) return exact;
  const matches = how.specs.filter((spec) => spec.long.startsWith(name));
  if (matches.length === 1) return matches[0]!;
  if (matches.length === 0) throw refuse(how, `unrecognized option '${argument}'`);
  const possible = matches.map((spec) => `'--${spec.long}'`).join(" ");
  throw refuse(how, `option '${argument}' is ambiguous; possibilities: ${possible}`);
}

function takeShort(argument: string, rest: string[], how: GetoptOptions, into: GivenOption[]) {
  for (let at = 1; at < argument.length; at++) {
    const letter = argument[at]!;
    const found = how.specs.find((one) => one.short === letter);
    if (found === undefined) throw refuse(how, `invalid option -- '${letter}'`);
    const { long: name, argument: kind } = requireSupported(found, how);
    const attached = argument.slice(at + 1);
    const isWhole = kind === "optional" || (kind === "required" && attached !== "");
    const value = kind === "none" ? "" : isWhole ? attached : rest.shift();
    if (value === undefined) throw refuse(how, `option requires an argument -- '${letter}'`);
    into.push({ name, value });
    if (kind !== "none") return;
  }
}

function requireSupported(spec: OptionSpec, { program }: GetoptOptions): OptionSpec {
  if (!spec.isUnsupported) return spec;
  throw new SlurmRefusal(`${program}: error: the fake Slurm does not support --${spec.long}\n`);
}

function refuse(how: GetoptOptions, message: string): SlurmRefusal {
  const hint = how.pointsAtHelp === false
    ? ""
    : `Try "${how.program} --help" for more information\n`;
  return new SlurmRefusal(`${how.program}: ${message}\n${hint}`, how.refusalStatus ?? 1);
}

/**
 * Reads a table of options, one a word: `name`, `name:` (argument), `name::` (optional argument), with the
 * short letter in front as `n/name`, and a `!` before all if the fake refuses it.
 */
export function optionTable(text: string): readonly OptionSpec[] {
  return text.trim().split(/\s+/).map((word) => {
    const match = /^(!?)(?:(\w)\/)?([\w-]+)(:{0,2})$/.exec(word);
    if (match === null) throw new SyntaxError(`Cannot read the option "${word}" of a table`);
    const [, mark, short = "", long = "", colons] = match;
    const argument = colons === "" ? "none" : colons === ":" ? "required" : "optional";
    return { long, short, argument, isUnsupported: mark === "!" };
  });
}

/** The options of a program in each version: those of both and those that only one has. */
export function versionedTable(
  common: string,
  only: Readonly<Record<SlurmVersion, string>>,
): Readonly<Record<SlurmVersion, readonly OptionSpec[]>> {
  return {
    "22.05": optionTable(`${common} ${only["22.05"]}`),
    "24.11": optionTable(`${common} ${only["24.11"]}`),
  };
}

/** The options that the environment asks for, by a table of variables and the options they stand for. */
export function optionsFromVariables(
  table: Readonly<Record<string, string>>,
  env: FakeSlurmContext["env"],
): GivenOption[] {
  return Object.entries(table).flatMap(([variable, name]) => {
    const value = env.get(variable);
    return value === undefined ? [] : [{ name, value }];
  });
}
