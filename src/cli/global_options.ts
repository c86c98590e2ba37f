import { Option } from "commander";
import type { CommandDefinition } from "../commands/command_definition.ts";
import { resolve } from "node:path";
import { UserError } from "../errors.ts";
import { collect } from "../commands/option_values.ts";
import { parseTemplate } from "./result_template.ts";

/** What a failed result leads to: `continue` with the rest, or `stop`; `ignore` hides it from the exit status. */
export type OnFailure = "ignore" | "continue" | "stop";

/** What is asked for with the options that every command takes. */
export interface GlobalSettings {
  /** `tailored`, `generic`, `json`, `json_pp`, `disabled`, or a template with braces in it. */
  readonly outputFormat: string;
  /** What a failed result leads to. @default continue */
  readonly onFailure: OnFailure;
  /** Only results of this status, or of this group of them, are shown; all when absent. */
  readonly reportStatus: string | undefined;
  /** Only results about these types of paths are shown; all when empty. */
  readonly reportTypes: readonly string[];
  /** Folders to go to, one after the other, each relative to the one before. */
  readonly folders: readonly string[];
  /** Git configuration, `name=value`, that takes precedence over what is in files. */
  readonly overrides: readonly string[];
}

/** The formats of `-f` that have a name. */
export const OUTPUT_FORMATS: readonly string[] = [
  "tailored",
  "generic",
  "json",
  "json_pp",
  "disabled",
];

/** Whether a format is one of the two for programs that are JSON. */
export function isJson(format: string): boolean {
  return format === "json" || format === "json_pp";
}

const STATUSES = ["success", "failure", "ok", "notneeded", "impossible", "error"];
/** Names of the options of which each may be given before and after the command. */
const REPEATED = ["folder", "config", "reportType"] as const;

/**
 * Adds the options that every command takes, as `datalad` does before its commands.
 *
 * @param isHidden whether help leaves them out: each command takes them, the program's help tells of them.
 */
export function addGlobalOptions(command: CommandDefinition, isHidden: boolean): CommandDefinition {
  const options = [
    new Option("-C, --folder <path>", "run as if started in this folder (repeatable)")
      .argParser(collect),
    new Option(
      "-c, --config <name=value>",
      "use this Git setting for this run, whatever the files say (repeatable): " +
        "-c dlslurm.slurm.timeout=300 waits longer for a slow scheduler",
    ).argParser(gatherSetting),
    new Option(
      "-f, --output-format <format>",
      "how results are printed. tailored: lines and a summary for people; generic: lines only; " +
        "json: one record a line, for scripts; json_pp: the same, indented; disabled: none; " +
        "or a template: -f '{status}: {path}' (default: tailored)",
    ).argParser(readFormat),
    new Option(
      "--on-failure <how>",
      "when one of several things fails. continue: do the others, exit status 1; stop: begin nothing " +
        "further; ignore: as continue, but exit status 0 (default: continue)",
    ).choices(["ignore", "continue", "stop"]),
    new Option(
      "--report-status <status>",
      "print only results of this status; success: ok or notneeded, failure: impossible or error",
    ).choices(STATUSES),
    new Option(
      "--report-type <type>",
      "print only results about this type of path, dataset or file (repeatable)",
    ).argParser(gatherType),
  ];
  for (const option of options) command.addOption(option.hideHelp(isHidden));
  for (const option of refusedOptions()) command.addOption(option.hideHelp());
  return command;
}

/** Joins what was given before the command with what was given after it, which takes precedence. */
export function readGlobalOptions(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): GlobalSettings {
  const given = { ...before, ...after } as Partial<GlobalSettings>;
  const [folders, overrides, reportTypes] = REPEATED.map((name) =>
    [before[name], after[name]].flatMap((values) => (values as string[] | undefined) ?? [])
  ) as [string[], string[], string[]];
  return {
    // A command may have a shorter word for it.
    outputFormat: after["json"] === true ? "json" : given.outputFormat ?? "tailored",
    onFailure: given.onFailure ?? "continue",
    reportStatus: given.reportStatus,
    reportTypes,
    folders,
    overrides,
  };
}

/**
 * The folder that `-C` leads to.
 *
 * @throws {UserError} `NO_DIRECTORY`
 */
export async function resolveFolder(cwd: string, folders: readonly string[]): Promise<string> {
  if (folders.length === 0) return cwd;
  const path = resolve(cwd, ...folders);
  try {
    const real = await Deno.realPath(path);
    if ((await Deno.stat(real)).isDirectory) return real;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied)) {
      throw error;
    }
  }
  throw new UserError(
    "NO_DIRECTORY",
    `Cannot run in "${path}": there is no such folder`,
    { unchanged: "Nothing was done", hint: "name a folder that is there: dlslurm -C FOLDER …" },
  );
}

function gatherSetting(value: string, before: readonly string[] = []): string[] {
  // A section, a key, anything between them: git config(1).
  if (/^[A-Za-z][A-Za-z0-9-]*\.(?:.*\.)?[A-Za-z][A-Za-z0-9-]*=/s.test(value)) {
    return [...before, value];
  }
  throw new UserError("USAGE", `Cannot use the setting "${value}": it is not NAME=VALUE`, {
    hint: value.startsWith(":")
      ? "a setting cannot be taken away for one run; give it another value"
      : "for example: -c dlslurm.slurm.timeout=300",
  });
}

function gatherType(value: string, before: readonly string[] = []): string[] {
  if (["dataset", "file", "directory"].includes(value)) return [...before, value];
  throw new UserError("USAGE", `Cannot report on the type "${value}": there is no such type`, {
    hint: "types are dataset, file and directory",
  });
}

function readFormat(value: string): string {
  if (OUTPUT_FORMATS.includes(value)) return value;
  if (value.includes("{")) parseTemplate(value);
  else {
    throw new UserError("USAGE", `Cannot print results as "${value}": there is no such format`, {
      hint: `formats are ${OUTPUT_FORMATS.join(", ")}, or a template such as '{status}: {path}'`,
    });
  }
  return value;
}

/** Options of `datalad` that mean nothing here: better said than silently passed over. */
function refusedOptions(): Option[] {
  const refuse = (flags: string, reason: string) =>
    new Option(flags).argParser(() => {
      throw new UserError("USAGE", `Cannot use ${flags.split(/[ ,]/)[0]}: ${reason}`, {
        hint: "dlslurm --help shows the options that every command takes",
      });
    });
  return [
    refuse("-l, --log-level <level>", "dlslurm keeps no log, it prints errors and warnings"),
    refuse("--dbg [nothing]", "that is the debugger of Python"),
    refuse("--idbg [nothing]", "that is the debugger of Python"),
  ];
}
