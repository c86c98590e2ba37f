import { UserError } from "../errors.ts";
import type { Io } from "./io.ts";
import { fieldsOfError } from "../session/error_fields.ts";
import type { ResultRecord } from "../session/result_record.ts";
import { visibleLine, visibleText } from "../process/visible_text.ts";
import { explainSystemError } from "../process/system_error.ts";

/**
 * What an error that ended a command comes down to. A disk that is full or gone and permissions that are
 * missing can stop any step: what no step has explained is explained here. Where giving something back
 * failed as well, the first failure counts, of which the others mostly follow.
 */
export function rootOf(error: unknown): unknown {
  if (error instanceof SuppressedError) return rootOf(error.suppressed);
  return error instanceof UserError ? error : explainSystemError(error) ?? error;
}

/** The record that tells programs of an error which ended a command; a bug's stack is not in it. */
export function recordOfError(error: unknown, action: string): ResultRecord {
  if (!(error instanceof UserError)) {
    return {
      action,
      status: "error",
      message: `this is a bug in dlslurm: ${
        error instanceof Error ? error.message : String(error)
      }`,
      errorCode: "BUG",
      hint: "please report it with the lines on standard error",
    };
  }
  return {
    action,
    status: error.code === "USAGE" ? "error" : "impossible",
    ...fieldsOfError(error),
  };
}

/** Shows an error: what could not be done, the other program's words, the next command. */
export function reportError(thrown: unknown, io: Io): void {
  const error = rootOf(thrown);
  if (!(error instanceof UserError)) {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    io.err(
      `error: this is a bug in dlslurm, please report it with these lines:\n${visibleText(text)}\n`,
    );
    return;
  }
  io.err(`error: ${visibleLine(error.message)}\n`);
  if (error.detail !== undefined) io.err(`${renderDetail(error.detail)}\n`);
  if (error.hint !== undefined) io.err(`hint: ${visibleLine(error.hint)}\n`);
}

/** Renders another program's words as they are to stand below a message: verbatim, set in. */
export function renderDetail(detail: string): string {
  return visibleText(detail).replace(/^/gm, "  ");
}
