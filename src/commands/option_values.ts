import { Option } from "commander";
import type { OptionDefinition } from "./command_definition.ts";
import { UserError } from "../errors.ts";

/** The setting over which `--notify` takes precedence. */
export const NOTIFY_SETTING = "dlslurm.notify";

/** The option for the command that is run at the end; help begins with `when`. */
export function notifyOption(when = "", end = "at the end"): OptionDefinition {
  return new Option(
    "--notify <command>",
    `${when}run this shell command once ${end}, with a summary in $DLSLURM_NOTICE_SUMMARY and as JSON on its ` +
      "standard input; git config dlslurm.notify COMMAND makes it the rule: " +
      "--notify 'mail -s \"$DLSLURM_NOTICE_SUMMARY\" me@example.org'",
  );
}

/** Gathers the values of a repeatable option. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Reads a count of parallel jobs; DataLad's "auto" leaves it to us. */
export function parseCount(text: string): number {
  if (text === "auto") return 2;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UserError(
    "USAGE",
    `Cannot read "${text}" as a count: a whole number above 0 is needed`,
    {
      hint: "--jobs 4, or --jobs auto",
    },
  );
}

/** What the Python extension takes for yes and no, in any case: DataLad's EnsureBool. */
export const YES_OR_NO: ReadonlyMap<string, boolean> = new Map([
  ...["1", "yes", "on", "enable", "true"].map((word) => [word, true] as const),
  ...["0", "no", "off", "disable", "false"].map((word) => [word, false] as const),
]);

/**
 * Reads a yes or no as the Python extension does.
 *
 * @throws {UserError} `USAGE`
 */
export function parseYesOrNo(text: string): boolean {
  const value = YES_OR_NO.get(text.toLowerCase());
  if (value !== undefined) return value;
  throw new UserError("USAGE", `Cannot read "${text}" as yes or no`, {
    hint: `words for it are ${[...YES_OR_NO.keys()].join(", ")}`,
  });
}

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Reads a length of time as sleep(1) does: `90`, `90s`, `1.5h`.
 *
 * @returns milliseconds.
 * @throws {UserError} `USAGE`
 */
export function parseDuration(text: string): number {
  const [, number, unit] = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * UNITS_MS[unit || "s"]!);
  if (number !== undefined && ms > 0) return ms;
  throw new UserError("USAGE", `Cannot read "${text}" as a length of time`, {
    hint: "a number above 0 and s, m, h or d: 30s, 15m, 8h, 2d",
  });
}

/** How long and how often is waited for jobs. */
export interface WaitingOptions {
  /** At least so many milliseconds between two questions to Slurm; absent: 15 s. */
  readonly poll?: number | undefined;
  /** Milliseconds after which waiting ends, whatever the jobs do; absent: never. */
  readonly timeout?: number | undefined;
}

/** The option for how often Slurm is asked; help begins with `when`. */
export function pollOption(when = ""): OptionDefinition {
  return new Option(
    "--poll <time>",
    `${when}let at least this much time pass between two questions to Slurm: 30s, 5m (default: 15s)`,
  ).argParser(parseDuration);
}

/** The option for how long is waited; help begins with `when`. */
export function timeoutOption(when = ""): OptionDefinition {
  return new Option(
    "--timeout <time>",
    `${when}wait no longer than this: 90s, 15m, 8h, 2d; jobs that have not ended by then are a failure`,
  ).argParser(parseDuration);
}
