import { explainSystemError, systemWords } from "../process/system_error.ts";
import { ExitCode } from "./exit_code.ts";

/**
 * Writes to standard output. What cannot be shown is no reason to leave half done what is being done: it is
 * told once, at once, and `Deno.exitCode` is 1 from then on.
 */
export function writeOut(text: string): void {
  const problem = write(Deno.stdout, text);
  if (problem === undefined || Deno.exitCode !== 0) return;
  Deno.exitCode = ExitCode.Failed;
  const reason = systemWords(problem) ?? problem.message;
  write(Deno.stderr, `error: Cannot write to standard output: ${reason}\n`);
}

/**
 * Writes all of a text.
 *
 * @returns why not all could be written; not that the reader has gone (`dlslurm list | head -1`).
 */
export function write(
  stream: { writeSync(bytes: Uint8Array): number },
  text: string,
): Error | undefined {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return undefined;
    if (explainSystemError(error) === undefined) throw error;
    return error as Error;
  }
}
