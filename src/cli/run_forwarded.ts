import { UserError } from "../errors.ts";
import { withColouredWords } from "./colours.ts";
import { ExitCode } from "./exit_code.ts";
import type { ProcessEnvironment } from "./process_environment.ts";
import { reportError } from "./report_error.ts";
import type { ForwardedCommand } from "./standalone_commands.ts";

const FORWARDED = { "fake-slurm": runFake, fixtures: runRecordings };

/** Runs a command whose words are read elsewhere; gives its exit status. */
export async function runForwarded(
  command: ForwardedCommand,
  args: readonly string[],
  environment: ProcessEnvironment,
): Promise<number> {
  return await FORWARDED[command](args, environment);
}

/** Whether the word is the name of a command whose words are read elsewhere. */
export function isForwarded(name: string | undefined): name is ForwardedCommand {
  return name !== undefined && Object.hasOwn(FORWARDED, name);
}

async function runFake(args: readonly string[], environment: ProcessEnvironment): Promise<number> {
  try {
    // Loaded on demand: most runs have a real Slurm.
    const { runFakeSlurm } = await import("../fake_slurm/mod.ts");
    return await runFakeSlurm(args, environment);
  } catch (error) {
    return statusAfter(error, environment);
  }
}

async function runRecordings(
  args: readonly string[],
  environment: ProcessEnvironment,
): Promise<number> {
  try {
    const { runFixtures } = await import("../recordings/mod.ts");
    return await runFixtures(args, environment);
  } catch (error) {
    return statusAfter(error, environment);
  }
}

function statusAfter(error: unknown, { io }: ProcessEnvironment): number {
  reportError(error, io);
  return error instanceof UserError && error.code === "USAGE" ? ExitCode.Usage : ExitCode.Failed;
}

/** The same as the first thing that the program does; gives its exit status. */
export async function runForwardedFirst(
  [command, ...args]: readonly [ForwardedCommand, ...string[]],
  real: ProcessEnvironment,
): Promise<number> {
  const io = withColouredWords(real);
  try {
    return await runForwarded(command, args, { ...real, io });
  } catch (error) {
    reportError(error, io); // of where the user stands nothing can be told
    return ExitCode.Failed;
  }
}
