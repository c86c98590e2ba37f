import { UserError } from "../errors.ts";

const REASONS =
  /No space left on device|Out of diskspace|Disk quota exceeded|Read-only file system/;

/**
 * The error for a command on a repository that failed because the disk refused to write; `undefined` if
 * it failed for another reason.
 *
 * @param command as a person would type it, without arguments.
 * @param stderr the program's own words.
 */
export function diskFailure(command: string, stderr: string): UserError | undefined {
  if (!REASONS.test(stderr)) return undefined;
  return new UserError("DISK", `Cannot write to the repository: ${command} failed`, {
    detail: stderr,
    hint: "free space, then run the same command again: nothing is lost",
  });
}
