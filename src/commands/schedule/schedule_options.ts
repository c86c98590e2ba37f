import { join } from "shlex";
import { UserError } from "../../errors.ts";
import type { TableFormat } from "../../tables/table.ts";
import type { InputsOrOutputs, PreparationOptions } from "../../submit/plan_submission.ts";

/** What `schedule` was asked for. */
export interface ScheduleOptions extends Omit<PreparationOptions, "jobs"> {
  /** Parallel transfers, or submissions where there are many; absent: the default of each. */
  readonly jobs?: number | undefined;
  /** As for the other commands; where it is given, the command runs in that dataset's root. */
  readonly dataset?: string | undefined;
  /** Paragraph of the commit message that finish will make. */
  readonly message?: string | undefined;
  /** As given, relative to where the command runs; globs and placeholders allowed. */
  readonly input: readonly string[];
  /** As `input`, of what the job needs beside that; no placeholder stands for it. */
  readonly extraInput: readonly string[];
  /** Name of a container that datalad-container has configured; its image becomes an extra input. */
  readonly container?: string | undefined;
  /** As given, relative to where the command runs; placeholders allowed. At least one is needed. */
  readonly output: readonly string[];
  /** What the record shows expanded; outputs are always recorded as the paths that are claimed. */
  readonly expand?: InputsOrOutputs | undefined;
  /** Jobs to wait for, as given: IDs and labels, each with or without a type before it. */
  readonly after?: readonly string[] | undefined;
  /** The name that the job gets; for rows of a table with placeholders. */
  readonly label?: string | undefined;
  /** Show the plan, or the command line alone, and change nothing. */
  readonly dryRun?: "basic" | "command" | undefined;
  /** `false`: share outputs with open jobs instead of refusing. */
  readonly checkOutputs: boolean;
  /** Refuse a batch script that HEAD has not as it is. */
  readonly requireSaved?: boolean | undefined;
  /** File of a table of which each row is a job, `-` for standard input; as given. */
  readonly from?: string | undefined;
  /** How that table is written; absent: its name tells. */
  readonly fromFormat?: TableFormat | undefined;
  /** Make the rows tasks of array jobs. */
  readonly array?: boolean | undefined;
  /** How many tasks of an array may run at once. */
  readonly arrayLimit?: number | undefined;
  /** Make a job of each task of the array that the command asks for. */
  readonly perTask?: boolean | undefined;
  /** Submit rows again that were finished already. */
  readonly again?: boolean | undefined;
  /** Submit a job, too, that finishes the open jobs once they have ended. */
  readonly finishWhenDone?: boolean | undefined;
  /** Shell command that is run after many submissions; absent: the configured one. */
  readonly notify?: string | undefined;
  /** Submit the rows that wait, and nothing else. */
  readonly continue?: boolean | undefined;
  /** The words behind the options, as typed; the first may be `--`. */
  readonly command: readonly string[];
}

/** Options that make sense with some calls only, as they are typed. */
export const OPTIONS_OF_SOME_CALLS = {
  "--from": "from",
  "--from-format": "fromFormat",
  "--array": "array",
  "--array-limit": "arrayLimit",
  "--again": "again",
  "--notify": "notify",
  "--per-task": "perTask",
  "--dry-run": "dryRun",
  "-o": "output",
  "-i": "input",
  "-x": "extraInput",
  "--container": "container",
  "-m": "message",
  "-a": "altDir",
  "--assume-ready": "assumeReady",
  "--expand": "expand",
  "--after": "after",
  "--label": "label",
  "--no-check-outputs": "checkOutputs",
  "--require-saved": "requireSaved",
} as const satisfies Readonly<Record<string, keyof ScheduleOptions>>;

/** How an option is typed. */
export type OptionName = keyof typeof OPTIONS_OF_SOME_CALLS;

/** The first of `names`, by default of all that a call may have to refuse, that the user gave. */
export function firstGiven(
  options: ScheduleOptions,
  names: readonly OptionName[] = Object.keys(OPTIONS_OF_SOME_CALLS) as OptionName[],
): OptionName | undefined {
  return names.find((name) => {
    const value = options[OPTIONS_OF_SOME_CALLS[name]];
    if (name === "--no-check-outputs") return value === false;
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
}

/** One word is a shell line as it is; several are joined with Python's quoting. */
export function commandLineOf(words: readonly string[]): string {
  const given = wordsOf(words);
  return given.length === 1 ? given[0]! : join([...given]);
}

/**
 * The words of the command.
 *
 * @throws {UserError} `USAGE` if there are none.
 */
export function wordsOf(words: readonly string[]): readonly string[] {
  const given = words[0] === "--" ? words.slice(1) : words;
  if (given.length === 0 || given.every((word) => word.trim() === "")) {
    throw new UserError("USAGE", "Cannot schedule: no command was given", {
      unchanged: "No job was submitted",
      hint: "dlslurm schedule -o results sbatch job.sh",
    });
  }
  return given;
}
