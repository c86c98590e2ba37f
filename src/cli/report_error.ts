import { UserError } from "../errors.ts";
import type { Io, ResultRecord } from "../commands/context.ts";

/** The record that tells programs of an error which ended a command. */
export function recordOfError(error: UserError, action: string): ResultRecord {
  return {
    action,
    status: error.code === "USAGE" ? "error" : "impossible",
    message: error.message,
    errorCode: error.code,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(error.detail === undefined ? {} : { detail: error.detail }),
  };
}

/** Shows an error: what could not be done, the other program's words, the next command. */
export function reportError(error: unknown, io: Io): void {
  if (!(error instanceof UserError)) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    io.err(`error: this is a bug in dlslurm, please report it with these lines:\n${text}\n`);
    return;
  }
  io.err(`error: ${error.message}\n`);
  if (error.detail !== undefined) io.err(`${error.detail.replace(/^/gm, "  ")}\n`);
  if (error.hint !== undefined) io.err(`hint: ${error.hint}\n`);
}
