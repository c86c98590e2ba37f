import { UserError } from "../errors.ts";
import type { Io } from "../commands/context.ts";

/** Shows an error: what could not be done, the other program's words, the next command. */
export function reportError(error: unknown, io: Io, action: string, isJson: boolean): void {
  if (!(error instanceof UserError)) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    io.err(`error: this is a bug in dlslurm, please report it with these lines:\n${text}\n`);
    return;
  }
  if (isJson) {
    io.out(`${
      JSON.stringify({
        action,
        status: error.code === "USAGE" ? "error" : "impossible",
        message: error.message,
        "error_code": error.code,
        hint: error.hint,
        detail: error.detail,
      })
    }\n`);
    return;
  }
  io.err(`error: ${error.message}\n`);
  if (error.detail !== undefined) io.err(`${error.detail.replace(/^/gm, "  ")}\n`);
  if (error.hint !== undefined) io.err(`hint: ${error.hint}\n`);
}
