import { UserError } from "../errors.ts";
import type { UserErrorOptions } from "../errors.ts";

/** Whether one of two paths relative to the root is the other, inside it or around it. */
export function doConflict(a: string, b: string): boolean {
  return isAround(a, b) || isAround(b, a);
}

/**
 * The refusal of a new job because of an open one.
 *
 * @param path what the new job would write.
 * @param claim what is in its way.
 * @param holder whose claim that is: "job 12 (sbatch job.sh)".
 */
export function outputConflict(
  path: string,
  claim: string,
  holder: string,
  options: UserErrorOptions,
): UserError {
  const relation = claim === path
    ? "the same path"
    : isAround(claim, path)
    ? "a folder around it"
    : "a path inside it";
  return new UserError(
    "OUTPUT_CONFLICT",
    "There are conflicting outputs with previously scheduled jobs. Finish those jobs or adjust " +
      `output for the current job first. Output "${path}" conflicts with "${claim}" ` +
      `of ${holder}: ${relation}. No job was submitted`,
    options,
  );
}

function isAround(folder: string, path: string): boolean {
  return folder === "." || folder === path || path.startsWith(`${folder}/`);
}
