import { CommanderError } from "commander";
import { resolve } from "node:path";
import { UserError } from "../errors.ts";
import { lastValueOf, readLine } from "./command_line.ts";
import type { ReadLine } from "./command_line.ts";
import type { CommandDefinition } from "../commands/command_definition.ts";
import { isJson } from "./global_options.ts";
import { recordOfError, reportError, rootOf } from "./report_error.ts";
import { RecordRenderer } from "./result_renderer.ts";
import type { ProcessEnvironment } from "./process_environment.ts";

/** Shows what ended a command line that no command has begun on. */
export type ShowError = (error: unknown) => void;

/**
 * How an error is told with `-f json` that comes before a command has begun: an unknown command or option,
 * a value that is none. The parser stops there, and may not have seen the format, which stands anywhere.
 *
 * @param environment its `io` as it is: nothing else is written.
 * @returns `undefined` if no JSON was asked for.
 */
export function errorsAsRecords(
  program: CommandDefinition,
  args: readonly string[],
  environment: ProcessEnvironment,
): ShowError | undefined {
  // Few lines say anything of it: the others are not read twice.
  if (!args.some((word) => word.includes("json"))) return undefined;
  const line = readLine(program, args);
  const hasShortWord = line.options.some(({ option }) => option?.long === "--json");
  const format = hasShortWord ? "json" : lastValueOf(line, "--output-format") ?? "";
  if (!isJson(format)) return undefined;
  const folders = line.options.filter(({ option }) => option?.long === "--folder")
    .flatMap(({ value }) => value ?? []);
  return (error) => {
    const explained = error instanceof CommanderError ? usageErrorOf(error, line) : rootOf(error);
    if (!(explained instanceof UserError)) reportError(explained, environment.io);
    new RecordRenderer(
      environment.io,
      format,
      resolve(environment.cwd, ...folders),
      environment.terminal.out,
    )
      .show(recordOfError(explained, actionOf(line, program)));
  };
}

/** Commands that are about no job: their errors are the program's own. */
const WITHOUT_RESULTS = ["completion", "help", "fake-slurm", "fixtures"];

function actionOf({ command }: ReadLine, program: CommandDefinition): string {
  return command === program || WITHOUT_RESULTS.includes(command.name())
    ? "dlslurm"
    : `slurm-${command.name()}`;
}

function usageErrorOf(error: CommanderError, { command }: ReadLine): UserError {
  const where = command.parent === null ? "dlslurm --help" : `dlslurm ${command.name()} --help`;
  // Without a command it only shows the help.
  const said = error.code === "commander.help" ? "no command was given" : error.message;
  const [reason, advice] = said.replace(/^error: /, "").split(/\n\(|\)$/);
  return new UserError("USAGE", `Cannot understand the command line: ${reason}`, {
    hint: advice === undefined || advice === "" ? where : `${advice} ${where} shows what there is`,
    cause: error,
  });
}
