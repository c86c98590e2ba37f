import { UserError } from "../errors.ts";

/**
 * The error for a name that is no UTF-8 text, which the runtime cannot hand on; `undefined` for any other.
 *
 * @param error what the runtime threw: "File name or path … is not valid UTF-8".
 */
export function nameNotText(error: unknown): UserError | undefined {
  if (!(error instanceof Deno.errors.InvalidData) || !/not valid UTF-8/.test(error.message)) {
    return undefined;
  }
  return new UserError("NAME_NOT_TEXT", `Cannot follow a path: ${error.message}`, {
    hint: "rename it, or name a place whose whole path is UTF-8, links resolved",
    cause: error,
  });
}
