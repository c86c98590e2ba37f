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
import type { Command } from "commander";
import type { CommandContext, Io } from "../commands/context.ts";
import { UserError } from "../errors.ts";
import type { Runner } from "../process/runner.ts";
import { ExitCode } from "./exit_code.ts";
import { defineProgram } from "./program.ts";
import { ProgressDisplay } from "./progress_display.ts";
import { reportError } from "./report_error.ts";
import { JsonRenderer, TextRenderer } from "./result_renderer.ts";
import { versionText } from "./version.ts";

/** The world outside: real in `main.ts`, replaced in tests. */
export interface World {
  /** Standard output and standard error. */
  readonly io: Io;
  /** Which of the two streams is a terminal, and how wide it is now. */
  readonly terminal: {
    readonly out: boolean;
    readonly err: boolean;
    columns(): number;
  };
  /** Starts every other program; its child processes inherit the real environment. */
  readonly runner: Runner;
  /** Where the user stands, absolute, links resolved. */
  readonly cwd: string;
  /** The user's environment, without what the start script of the built file had changed. */
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  /** Wall clock. */
  readonly now: () => Date;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly interrupted: AbortSignal;
  /** Argument vector that starts this program again. */
  readonly selfCommand: readonly string[];
}

/**
 * Runs one command line and returns its exit status. Everything that is thrown below ends here.
 */
export async function runCli(args: readonly string[], world: World): Promise<number> {
  if (args[0] === "fake-slurm") return await runFake(args.slice(1), world);
  if (args[0] === "fixtures") return await runRecordings(args.slice(1), world);
  let status: number = ExitCode.Ok;
  const program = defineProgram(async (action, isJson, run) => {
    status = await runCommand(action, isJson, run, world);
  });
  prepare(program, world);
  try {
    if (args.length === 0) {
      world.io.err(program.helpInformation());
      return ExitCode.Usage;
    }
    if (args[0] === "--version") {
      world.io.out(`${versionText()}\n`);
      return ExitCode.Ok;
    }
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Ok : ExitCode.Usage;
    // Thrown by the parser of an option's value.
    reportError(error, world.io, "dlslurm", false);
    return error instanceof UserError ? ExitCode.Usage : ExitCode.Failed;
  }
}

async function runCommand(
  action: string,
  isJson: boolean,
  run: (context: CommandContext) => Promise<void>,
  world: World,
): Promise<number> {
  const hasDisplay = !isJson && world.terminal.err && world.env.get("TERM") !== "dumb";
  using display = new ProgressDisplay(hasDisplay ? world : undefined);
  const io = display.guard(world.io, world.terminal);
  const renderer = isJson ? new JsonRenderer(io) : new TextRenderer(io);
  try {
    await run({
      io,
      runner: world.runner,
      cwd: world.cwd,
      env: world.env,
      now: world.now,
      interrupted: world.interrupted,
      isJson,
      columns: world.terminal.out ? world.terminal.columns() : undefined,
      progress: (title, total) => display.begin(title, total),
      report: (record) => renderer.report(record),
    });
    renderer.finish();
  } catch (error) {
    renderer.finish();
    if (world.interrupted.aborted) {
      if (error instanceof UserError) reportError(error, world.io, action, isJson);
      world.io.err(
        "interrupted: what was begun is complete or undone; run the same command again\n",
      );
      return ExitCode.Interrupted;
    }
    reportError(error, world.io, action, isJson);
    return error instanceof UserError && error.code === "USAGE" ? ExitCode.Usage : ExitCode.Failed;
  }
  if (world.interrupted.aborted) return ExitCode.Interrupted;
  return renderer.hasFailed ? ExitCode.Failed : ExitCode.Ok;
}

async function runFake(args: readonly string[], world: World): Promise<number> {
  try {
    // Loaded on demand: most runs have a real Slurm.
    const { runFakeSlurm } = await import("../fake_slurm/mod.ts");
    return await runFakeSlurm(args, world);
  } catch (error) {
    reportError(error, world.io, "fake-slurm", false);
    return ExitCode.Failed;
  }
}

async function runRecordings(args: readonly string[], world: World): Promise<number> {
  try {
    const { runFixtures } = await import("../recordings/mod.ts");
    return await runFixtures(args, world);
  } catch (error) {
    reportError(error, world.io, "fixtures", false);
    return error instanceof UserError && error.code === "USAGE" ? ExitCode.Usage : ExitCode.Failed;
  }
}

/** Keeps commander from writing and exiting by itself. */
function prepare(command: Command, world: World): void {
  command.exitOverride().configureOutput({
    writeOut: (text) => world.io.out(text),
    writeErr: (text) => world.io.err(text),
  });
  for (const child of command.commands) prepare(child, world);
}
