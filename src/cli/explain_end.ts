import type { ResultRecord } from "../session/result_record.ts";
import { UserError } from "../errors.ts";
import { nameNotText } from "../fs/text_names.ts";
import { ExitCode } from "./exit_code.ts";
import { isJson } from "./global_options.ts";
import type { GlobalSettings } from "./global_options.ts";
import type { ProcessEnvironment } from "./process_environment.ts";
import { recordOfError, reportError, rootOf } from "./report_error.ts";
import { StoppedAtFailure } from "./result_reporter.ts";
import type { ResultReporter } from "./result_reporter.ts";

/** A command that something has ended before it was through. */
export interface EndedCommand {
  /** As its result records have it: `slurm-finish`. */
  readonly action: string;
  /** What it was asked for. */
  readonly settings: GlobalSettings;
  /** Holds what it has reported. */
  readonly reporter: ResultReporter;
}

/** Shows what ended a command; gives the exit status where that does not follow from the results. */
export async function explainEnd(
  thrown: unknown,
  ended: EndedCommand,
  environment: ProcessEnvironment,
): Promise<number | undefined> {
  const error = nameNotText(thrown) ?? rootOf(thrown);
  if (isOfOtherProgram(error)) await letSignalArrive(environment.interrupted);
  return explain(error, ended, environment);
}

function isOfOtherProgram(error: unknown): boolean {
  return error instanceof UserError && /^(GIT|ANNEX)_FAILED$/.test(error.code);
}

/** Ctrl-C ends git as well, and its end may be known here before the signal is. */
async function letSignalArrive(interrupted: AbortSignal): Promise<void> {
  for (let waited = 0; waited < 50 && !interrupted.aborted; waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function explain(
  error: unknown,
  { action, settings, reporter }: EndedCommand,
  environment: ProcessEnvironment,
): number | undefined {
  const isStop = error instanceof StoppedAtFailure;
  const record = recordOfError(error, action);
  const isRecord = isJson(settings.outputFormat) && !isStop &&
    (error instanceof UserError || !environment.interrupted.aborted) && reporter.isShown(record);
  if (isRecord) reportQuietly(reporter, record);
  reporter.finish();
  if (environment.interrupted.aborted) {
    if (error instanceof UserError && !isRecord) reportError(error, environment.io);
    environment.io.err(
      "interrupted: what was begun is complete or undone; run the same command again\n",
    );
    return ExitCode.Interrupted;
  }
  if (isStop) {
    environment.io.err("stopped at the first failure: nothing further was begun\n");
    return ExitCode.Failed;
  }
  if (!isRecord || !(error instanceof UserError)) reportError(error, environment.io);
  if (!(error instanceof UserError)) return ExitCode.Failed;
  if (error.code === "USAGE") return ExitCode.Usage;
  return settings.onFailure === "ignore" ? ExitCode.Ok : ExitCode.Failed;
}

/** The command has ended already: there is nothing left to stop. */
function reportQuietly(reporter: ResultReporter, record: ResultRecord): void {
  try {
    reporter.report(record);
  } catch (error) {
    if (!(error instanceof StoppedAtFailure)) throw error;
  }
}
