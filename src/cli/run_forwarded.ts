import { UserError } from "../errors.ts";
import { withColouredWords } from "./colours.ts";
import { ExitCode } from "./exit_code.ts";
import type { ProcessEnvironment } from "./process_environment.ts";
import { reportError } from "./report_error.ts";
import type { ForwardedCommand } from "./standalone_commands.ts";

type RunForwarded = (args: readonly string[], environment: ProcessEnvironment) => Promise<number>;

/** Loaded on demand: most runs have a real Slurm, and record nothing. */
const FORWARDED: Readonly<Record<ForwardedCommand, RunForwarded>> = {
  "fake-slurm": async (...given) =>
    await (await import("../fake_slurm/mod.ts")).runFakeSlurm(...given),
  fixtures: async (...given) => await (await import("../recordings/mod.ts")).runFixtures(...given),
};

/** Whether the word is the name of a command whose words are read elsewhere. */
export function isForwarded(name: string | undefined): name is ForwardedCommand {
  return name !== undefined && Object.hasOwn(FORWARDED, name);
}

/** Runs a command whose words are read elsewhere; gives its exit status. */
export async function runForwarded(
  command: ForwardedCommand,
  args: readonly string[],
  environment: ProcessEnvironment,
): Promise<number> {
  try {
    return await FORWARDED[command](args, environment);
  } catch (error) {
    reportError(error, environment.io);
    return error instanceof UserError && error.code === "USAGE" ? ExitCode.Usage : ExitCode.Failed;
  }
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
