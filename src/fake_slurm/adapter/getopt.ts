import { SlurmRefusal } from "../context.ts";
import type { SlurmVersion } from "../slurm_version.ts";

/** One option of a Slurm program. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly long: string;
  /** One letter. */
  readonly short?: string;
  /** An optional one counts only where it is attached: `--long=VALUE`, `-lVALUE`. */
  readonly argument: "none" | "required" | "optional";
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

/** What {@linkcode getopt} found. */
export interface GetoptResult {
  /** As often and in the order that they were given. */
  readonly options: readonly GivenOption[];
  /** What is no option, and everything behind `--`. */
  readonly words: readonly string[];
}

/**
 * Reads options as getopt_long(3) does: abbreviations of long options, clustered short ones, `--`.
 *
 * @throws {SlurmRefusal} In getopt's own words.
 */
export function getopt(args: readonly string[], how: GetoptOptions): GetoptResult {
  const options: GivenOption[] = [];
  const words: string[] = [];
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift()!;
    if (argument === "--") {
      words.push(...rest);
      break;
    }
    if (argument.startsWith("--")) options.push(takeLong(argument, rest, how));
    else if (argument.startsWith("-") && argument !== "-") takeShort(argument, rest, how, options);
    else {
      words.push(argument);
      if (how.stopAtFirstWord === true) {
        words.push(...rest);
        break;
      }
    }
  }
  return { options, words };
}

function takeLong(argument: string, rest: string[], how: GetoptOptions): GivenOption {
  const equals = argument.indexOf("=");
  const name = equals === -1 ? argument.slice(2) : argument.slice(2, equals);
  const spec = findLong(name, argument, how);
  if (equals !== -1) {
    if (spec.argument === "none") {
      throw refuse(how, `option '--${spec.long}' doesn't allow an argument`);
    }
    return { name: spec.long, value: argument.slice(equals + 1) };
  }
  if (spec.argument !== "required") return { name: spec.long, value: "" };
  const value = rest.shift();
  if (value === undefined) throw refuse(how, `option '--${spec.long}' requires an argument`);
  return { name: spec.long, value };
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
    const spec = how.specs.find((one) => one.short === letter);
    if (spec === undefined) throw refuse(how, `invalid option -- '${letter}'`);
    if (spec.argument === "none") {
      into.push({ name: spec.long, value: "" });
      continue;
    }
    const attached = argument.slice(at + 1);
    if (attached !== "" || spec.argument === "optional") {
      into.push({ name: spec.long, value: attached });
      return;
    }
    const value = rest.shift();
    if (value === undefined) throw refuse(how, `option requires an argument -- '${letter}'`);
    into.push({ name: spec.long, value });
    return;
  }
}

function refuse(how: GetoptOptions, message: string): SlurmRefusal {
  const hint = how.pointsAtHelp === false
    ? ""
    : `Try "${how.program} --help" for more information\n`;
  return new SlurmRefusal(`${how.program}: ${message}\n${hint}`, how.refusalStatus ?? 1);
}

/**
 * Reads a table of options, one a word: `name`, `name:` (argument), `name::` (optional argument),
 * with the short letter in front as `n/name`.
 */
export function optionTable(text: string): readonly OptionSpec[] {
  return text.trim().split(/\s+/).map((word) => {
    const match = /^(?:(\w)\/)?([\w-]+)(:{0,2})$/.exec(word);
    if (match === null) throw new SyntaxError(`Cannot read the option "${word}" of a table`);
    const argument = match[3] === "" ? "none" : match[3] === ":" ? "required" : "optional";
    return match[1] === undefined
      ? { long: match[2]!, argument }
      : { long: match[2]!, short: match[1], argument };
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

/**
 * Refuses options that Slurm has and the fake cannot do: without them the answer would be another one.
 *
 * @throws {SlurmRefusal} That says so; Slurm has no words for it.
 */
export function refuseUnsupported(
  program: string,
  asked: { has(name: string): boolean },
  unsupported: readonly string[],
): void {
  const name = unsupported.find((one) => asked.has(one));
  if (name === undefined) return;
  throw new SlurmRefusal(`${program}: error: the fake Slurm does not support --${name}\n`);
}
