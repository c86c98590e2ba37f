/**
 * From words on a command line to a command, and from its results to text and an exit status.
 *
 * The *environment* is all that lies outside the program: streams, processes, clock, environment. The *program*
 * is the definition of all commands and their options. A *renderer* shows each *result record* that a
 * command reports, as DataLad's lines or as JSON, and knows at the end whether one of them was bad. Only
 * here are errors caught and turned into words; nothing below prints or exits by itself.
 *
 * @module
 */

import { CommanderError } from "commander";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { CommandDefinition } from "../commands/command_definition.ts";
import type { CommandContext } from "../commands/context.ts";
import type { Io } from "./io.ts";
import { UserError } from "../errors.ts";
import { identifySelf } from "../process/process_identity.ts";
import type { ProcessIdentity } from "../process/process_identity.ts";
import { visibleLine, visibleText } from "../process/visible_text.ts";
import { openAhead } from "./open_ahead.ts";
import { askOnTerminal } from "./ask_on_terminal.ts";
import { nameNotText } from "../fs/text_names.ts";
import { requireText } from "./argument_text.ts";
import { hasColours, withColouredWords } from "./colours.ts";
import { ExitCode } from "./exit_code.ts";
import { explainEnd } from "./explain_end.ts";
import { forgetCaller } from "./git_environment.ts";
import { withGitSettings } from "./git_settings.ts";
import { resolveFolder } from "./global_options.ts";
import { withJoinedValues } from "./extension_words.ts";
import { COMPLETE_WORDS } from "./completion/scripts.ts";
import { defineProgram } from "./program.ts";
import type { CommandToStart } from "./program.ts";
import { LiveDisplay } from "./live_display.ts";
import { ProgressDisplay } from "./progress_display.ts";
import { reportError } from "./report_error.ts";
import { RecordRenderer, TextRenderer } from "./result_renderer.ts";
import { ResultReporter } from "./result_reporter.ts";
import { runStandalone } from "./run_standalone.ts";
import { errorsAsRecords } from "./usage_errors.ts";
import { PROGRAM_VERSION, versionPage } from "./version.ts";
import type { ProcessEnvironment } from "./process_environment.ts";

/**
 * Runs one command line and returns its exit status. Everything that is thrown below ends here.
 */
export async function runCli(args: readonly string[], real: ProcessEnvironment): Promise<number> {
  const io = withColouredWords(real);
  let environment: ProcessEnvironment;
  try {
    environment = { ...real, io };
  } catch (error) {
    reportError(error, io); // of where the user stands nothing can be told
    return ExitCode.Failed;
  }
  let status: number = ExitCode.Ok;
  const program: Command = await defineProgram(
    async (command) => {
      status = await runCommand(command, environment);
    },
    async (asked) => {
      status = await runStandalone(asked, program, environment);
    },
    args[0],
  );
  const showError = errorsAsRecords(program, args, environment);
  // What commander has to say of a wrong line is part of the record then.
  prepare(
    program,
    showError === undefined ? environment : { ...environment, io: { ...environment.io, err() {} } },
  );
  if (args[0] === COMPLETE_WORDS) {
    const { runCompleteWords } = await import("./completion/mod.ts");
    forgetCaller();
    await runCompleteWords(program, args.slice(2), environment);
    return ExitCode.Ok;
  }
  try {
    if (args.length === 0) {
      environment.io.err(program.helpInformation());
      return ExitCode.Usage;
    }
    await requireText(args, environment.cwd);
    program.on("option:version", () => {
      environment.io.out(versionPage());
      throw new CommanderError(ExitCode.Ok, "commander.version", "");
    });
    await program.parseAsync(withJoinedValues(program, args), { from: "user" });
    return status;
  } catch (error) {
    return statusOf(error, showError, environment);
  }
}

/** Shows what ended the reading of a command line, and gives its exit status. */
function statusOf(
  error: unknown,
  showError: ((error: unknown) => void) | undefined,
  environment: ProcessEnvironment,
): number {
  if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.Ok;
  const explained = nameNotText(error) ?? error;
  if (showError !== undefined) showError(explained);
  // Its own errors commander has shown.
  else if (!(error instanceof CommanderError)) reportError(explained, environment.io);
  const isUsage = error instanceof CommanderError ||
    error instanceof UserError && error.code === "USAGE";
  return isUsage ? ExitCode.Usage : ExitCode.Failed;
}

async function runCommand(
  { action, settings, ahead, run }: CommandToStart,
  environment: ProcessEnvironment,
): Promise<number> {
  forgetCaller();
  const { outputFormat } = settings;
  const isTailored = outputFormat === "tailored";
  const isForPeople = isTailored || outputFormat === "generic";
  const hasDisplay = isForPeople && environment.terminal.err &&
    environment.env.get("TERM") !== "dumb";
  using display = new ProgressDisplay(hasDisplay ? environment : undefined);
  using live = hasDisplay ? new LiveDisplay(environment) : undefined;
  const behindLive = live?.guard(environment.io, environment.terminal) ?? environment.io;
  const io = display.guard(behindLive, environment.terminal);
  const place = resolve(environment.cwd, ...settings.folders);
  const renderer = isForPeople
    ? new TextRenderer(io, { hasSummary: isTailored, hasColours: hasColours(environment, "out") })
    : new RecordRenderer(io, outputFormat, place, environment.terminal.out);
  const reporter = new ResultReporter(renderer, settings);
  try {
    const cwd = await resolveFolder(environment.cwd, settings.folders);
    const output = { io, display, live, reporter, isForPeople, isTailored };
    const context = await contextFor({ ...environment, cwd }, { settings, ahead, output });
    await run(context);
    reporter.finish();
  } catch (thrown) {
    const ended = { action, settings, reporter };
    const status = await explainEnd(thrown, ended, { ...environment, io });
    if (status !== undefined) return status;
  }
  if (environment.interrupted.aborted) return ExitCode.Interrupted;
  return reporter.hasFailed ? ExitCode.Failed : ExitCode.Ok;
}

/** Where what a command shows and reports goes to. */
interface CommandOutput {
  readonly io: Io;
  readonly display: ProgressDisplay;
  readonly live: LiveDisplay | undefined;
  readonly reporter: ResultReporter;
  readonly isForPeople: boolean;
  readonly isTailored: boolean;
}

/** What a command is given, once what it will ask for in any case was asked. */
async function contextFor(
  environment: ProcessEnvironment,
  { settings, ahead, output }: Pick<CommandToStart, "settings" | "ahead"> & {
    output: CommandOutput;
  },
): Promise<CommandContext> {
  const { overrides } = settings;
  const { io, display, live, reporter, isForPeople, isTailored } = output;
  const runner = withGitSettings(environment.runner, overrides);
  const { openDataset, begun } = openAhead(runner, environment.cwd, ahead.dataset);
  await begun;
  const shown = shownTo(io, environment);
  const { terminal } = environment;
  let process: Promise<ProcessIdentity> | undefined;
  const identify = () => process ??= identifySelf(runner);
  if (ahead.identity) identify().catch(() => undefined); // whoever asks is told
  return {
    openDataset,
    ask: terminal.in && terminal.err
      ? (question) => askOnTerminal(question, { ...environment, io })
      : undefined,
    relay: (output) => {
      io.out(output.stdout);
      io.err(output.stderr);
    },
    version: PROGRAM_VERSION,
    runner,
    process: identify,
    cwd: environment.cwd,
    env: environment.env,
    programCommand: environment.selfCommand,
    selfCommand: [
      ...environment.selfCommand,
      ...overrides.flatMap((setting) => ["-c", setting]),
    ],
    now: environment.now,
    sleep: (ms) => environment.sleep(ms, environment.interrupted),
    live,
    interrupted: environment.interrupted,
    secondInterrupt: environment.secondInterrupt,
    isForPrograms: !isForPeople,
    isTailored,
    hasScreen: terminal.out,
    show: async (view) => {
      // Loaded on demand: most runs show results only.
      const { renderView } = await import("./view/render_view.ts");
      const columns = terminal.out ? terminal.columns() : undefined;
      shown.out(renderView(view, columns));
    },
    note: (text) => shown.err(`${text}\n`),
    warn: (message) => shown.err(`warning: ${visibleLine(message)}\n`),
    progress: (title, total) => display.begin(title, total),
    report: (record) => reporter.report(record),
    count: (record) => reporter.count(record),
  };
}

/** What commands write: on a terminal, and on standard error always, control characters are escapes. */
function shownTo(io: Io, { terminal }: ProcessEnvironment): Io {
  return {
    out: (text) => io.out(terminal.out ? visibleText(text) : text),
    err: (text) => io.err(visibleText(text)),
  };
}

/** Keeps commander from writing and exiting by itself. */
function prepare(command: CommandDefinition, environment: ProcessEnvironment): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => environment.io.out(text),
    writeErr: (text) => environment.io.err(visibleText(text)),
    getOutHelpWidth: () => helpWidth(environment, "out"),
    getErrHelpWidth: () => helpWidth(environment, "err"),
    getOutHasColors: () => hasColours(environment, "out"),
    getErrHasColors: () => hasColours(environment, "err"),
  });
  for (const child of command.commands) prepare(child, environment);
}

/** Long lines are hard to read, however wide the window is. */
function helpWidth(environment: ProcessEnvironment, stream: "out" | "err"): number {
  return environment.terminal[stream] ? Math.min(environment.terminal.columns(), 100) : 80;
}
