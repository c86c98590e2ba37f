/**
 * From words on a command line to a command, and from its results to text and an exit status.
 *
 * The *world* is all that lies outside the program: streams, processes, clock, environment. The *program*
 * is the definition of all commands and their options. A *renderer* shows each *result record* that a
 * command reports, as DataLad's lines or as JSON, and knows at the end whether one of them was bad. Only
 * here are errors caught and turned into words; nothing below prints or exits by itself.
 *
 * @module
 */

import { CommanderError } from "commander";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { CommandDefinition } from "./definitions/command_definition.ts";
import type { CommandContext, ResultRecord } from "../commands/context.ts";
import { UserError } from "../errors.ts";
import { hasColours, withColouredWords } from "./colours.ts";
import { ExitCode } from "./exit_code.ts";
import { withGitSettings } from "./git_settings.ts";
import { resolveFolder } from "./global_options.ts";
import type { GlobalSettings } from "./global_options.ts";
import { namesOf } from "./completion/command_line.ts";
import { COMPLETE_WORDS, completionScript } from "./completion/scripts.ts";
import { defineProgram } from "./program.ts";
import type { ForwardedCommand, Told } from "./program.ts";
import { ProgressDisplay } from "./progress_display.ts";
import { recordOfError, reportError } from "./report_error.ts";
import { RecordRenderer, TextRenderer } from "./result_renderer.ts";
import { ResultReporter, StoppedAtFailure } from "./result_reporter.ts";
import { PROGRAM_VERSION, versionText } from "./version.ts";
import type { World } from "./world.ts";

/**
 * Runs one command line and returns its exit status. Everything that is thrown below ends here.
 */
export async function runCli(args: readonly string[], real: World): Promise<number> {
  const world = { ...real, io: withColouredWords(real) };
  // Before anything else: a Slurm that scripts call a thousand times is to answer at once.
  if (isForwarded(args[0])) return await FORWARDED[args[0]](args.slice(1), world);
  // The shortest way there is: what start-up costs is measured on it.
  if (args[0] === "--version") {
    world.io.out(`${versionText()}\n`);
    return ExitCode.Ok;
  }
  let status: number = ExitCode.Ok;
  const program: Command = defineProgram(async (action, settings, run) => {
    status = await runCommand(action, settings, run, world);
  }, async (told) => {
    status = await tell(told, program, world);
  });
  prepare(program, world);
  if (args[0] === COMPLETE_WORDS) {
    const { runCompleteWords } = await import("./completion/mod.ts");
    await runCompleteWords(program, args.slice(2), world);
    return ExitCode.Ok;
  }
  try {
    if (args.length === 0) {
      world.io.err(program.helpInformation());
      return ExitCode.Usage;
    }
    program.on("option:version", () => {
      world.io.out(`${versionText()}\n`);
      throw new CommanderError(ExitCode.Ok, "commander.version", "");
    });
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
    // Thrown by the parser of an option's value, or before a command began.
    reportError(error, world.io);
    return error instanceof UserError && error.code === "USAGE" ? ExitCode.Usage : ExitCode.Failed;
  }
}

async function runCommand(
  action: string,
  settings: GlobalSettings,
  run: (context: CommandContext) => Promise<void>,
  world: World,
): Promise<number> {
  const { outputFormat } = settings;
  const isTailored = outputFormat === "tailored";
  const isForPeople = isTailored || outputFormat === "generic";
  const hasDisplay = isForPeople && world.terminal.err && world.env.get("TERM") !== "dumb";
  using display = new ProgressDisplay(hasDisplay ? world : undefined);
  const io = display.guard(world.io, world.terminal);
  const renderer = isForPeople
    ? new TextRenderer(io, { hasSummary: isTailored, hasColours: hasColours(world, "out") })
    : new RecordRenderer(io, outputFormat, resolve(world.cwd, ...settings.folders));
  const reporter = new ResultReporter(renderer, settings);
  try {
    await run({
      io,
      runner: withGitSettings(world.runner, settings.overrides),
      cwd: await resolveFolder(world.cwd, settings.folders),
      env: world.env,
      now: world.now,
      interrupted: world.interrupted,
      insisted: world.insisted,
      isForPrograms: !isForPeople,
      isTailored,
      columns: world.terminal.out ? world.terminal.columns() : undefined,
      progress: (title, total) => display.begin(title, total),
      report: (record) => reporter.report(record),
    });
    reporter.finish();
  } catch (error) {
    if (isOfOtherProgram(error)) await letSignalArrive(world.interrupted);
    const status = explain(error, action, settings, reporter, { ...world, io });
    if (status !== undefined) return status;
  }
  if (world.interrupted.aborted) return ExitCode.Interrupted;
  return reporter.hasFailed ? ExitCode.Failed : ExitCode.Ok;
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

/** Shows what ended a command; gives the exit status where that does not follow from the results. */
function explain(
  error: unknown,
  action: string,
  settings: GlobalSettings,
  reporter: ResultReporter,
  world: World,
): number | undefined {
  const isStop = error instanceof StoppedAtFailure;
  const isRecord = error instanceof UserError && /^json(_pp)?$/.test(settings.outputFormat);
  if (isRecord) reportQuietly(reporter, recordOfError(error, action));
  reporter.finish();
  if (world.interrupted.aborted) {
    if (error instanceof UserError && !isRecord) reportError(error, world.io);
    world.io.err(
      "interrupted: what was begun is complete or undone; run the same command again\n",
    );
    return ExitCode.Interrupted;
  }
  if (isStop) {
    world.io.err("stopped at the first failure: nothing further was begun\n");
    return ExitCode.Failed;
  }
  if (!isRecord) reportError(error, world.io);
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

/** Shows what needs no dataset. */
async function tell(told: Told, program: CommandDefinition, world: World): Promise<number> {
  if (told.kind === "completion") {
    world.io.out(completionScript(told.shell));
    return ExitCode.Ok;
  }
  if (told.kind === "man page") {
    const { renderManPage } = await import("./man_page.ts");
    world.io.out(renderManPage(program, { version: PROGRAM_VERSION }));
    return ExitCode.Ok;
  }
  if (told.kind === "forwarded") {
    const cwd = await resolveFolder(world.cwd, told.folders);
    // The programs that it starts are to stand there, too.
    if (cwd !== world.cwd) Deno.chdir(cwd);
    return await FORWARDED[told.command](told.words, { ...world, cwd });
  }
  const name = told.command;
  if (isForwarded(name)) return await FORWARDED[name](["--help"], world);
  const command = name === undefined
    ? program
    : program.commands.find((each) => namesOf(each).includes(name));
  // Whoever takes it for a command says what it may have been meant to be.
  if (command === undefined) await program.parseAsync([name!], { from: "user" });
  else command.outputHelp();
  return ExitCode.Ok;
}

/** What runs the commands whose words are read elsewhere. */
const FORWARDED: Readonly<
  Record<ForwardedCommand, (args: readonly string[], world: World) => Promise<number>>
> = { "fake-slurm": runFake, fixtures: runRecordings };

function isForwarded(name: string | undefined): name is ForwardedCommand {
  return name !== undefined && Object.hasOwn(FORWARDED, name);
}

async function runFake(args: readonly string[], world: World): Promise<number> {
  try {
    // Loaded on demand: most runs have a real Slurm.
    const { runFakeSlurm } = await import("../fake_slurm/mod.ts");
    return await runFakeSlurm(args, world);
  } catch (error) {
    reportError(error, world.io);
    return ExitCode.Failed;
  }
}

async function runRecordings(args: readonly string[], world: World): Promise<number> {
  try {
    const { runFixtures } = await import("../recordings/mod.ts");
    return await runFixtures(args, world);
  } catch (error) {
    reportError(error, world.io);
    return error instanceof UserError && error.code === "USAGE" ? ExitCode.Usage : ExitCode.Failed;
  }
}

/** Keeps commander from writing and exiting by itself. */
function prepare(command: CommandDefinition, world: World): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => world.io.out(text),
    writeErr: (text) => world.io.err(text),
    getOutHelpWidth: () => helpWidth(world, "out"),
    getErrHelpWidth: () => helpWidth(world, "err"),
    getOutHasColors: () => hasColours(world, "out"),
    getErrHasColors: () => hasColours(world, "err"),
  });
  for (const child of command.commands) prepare(child, world);
}

/** Long lines are hard to read, however wide the window is. */
function helpWidth(world: World, stream: "out" | "err"): number {
  return world.terminal[stream] ? Math.min(world.terminal.columns(), 100) : 80;
}
