import { UserError } from "../errors.ts";
import { toUserError } from "../process/system_error.ts";

/**
 * The error with what the one who caught it knows to be left as it was, whatever it said of that itself. One that
 * no user can act on is thrown.
 */
export function leaving(error: unknown, unchanged: string): UserError {
  const { code, problem, hint, detail } = toUserError(error);
  return new UserError(code, problem, {
    unchanged,
    hint: hint ?? "dlslurm finish",
    ...(detail === undefined ? {} : { detail }),
    cause: error,
  });
}

/** Waits for the completion of an interrupted finish; where that fails, too, the error says what is left. */
export async function completing<T>(work: Promise<T>): Promise<T> {
  return await work.catch((error) => {
    throw leaving(error, LEFT_INTERRUPTED);
  });
}

const LEFT_INTERRUPTED =
  "What an interrupted finish has committed stays, and the next finish goes on with it";
