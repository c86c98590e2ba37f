import { join } from "node:path";
import { sendCall } from "./call_channel.ts";
import type { FixturesContext } from "./context.ts";
import { findProgram, realEnvironment } from "./programs.ts";
import { spawnAttached } from "./spawn_attached.ts";

/**
 * Lets the real program answer and hands call and answer to the recorder.
 *
 * @param folder the recorder's.
 * @param real path of the real program.
 * @param argv the call, by the program's bare name.
 * @returns the program's exit status.
 */
export async function runRecordedCall(
  folder: string,
  real: string,
  argv: readonly string[],
  context: FixturesContext,
): Promise<number> {
  const startedMs = Date.now();
  const env = realEnvironment(join(folder, "bin"), context);
  const [program = "", ...args] = argv;
  // By its bare name where that leads to it: getopt(3) says "sbatch: unrecognized option" by what it was
  // called, and the runtime can only call it by its path.
  const isFound = await findProgram(env["PATH"] ?? "", program) === real;
  const command = isFound ? ["/usr/bin/env", program] : [real];
  const result = await spawnAttached([...command, ...args], { env, keepsOutput: true });
  const isRecorded = await sendCall(folder, {
    argv,
    startedMs,
    code: result.code,
    stdout: result.stdout.toBase64(),
    stderr: result.stderr.toBase64(),
  });
  if (!isRecorded) {
    context.io.err(`dlslurm fixtures record: "${argv.join(" ")}" came too late to be recorded\n`);
  }
  return result.code;
}
