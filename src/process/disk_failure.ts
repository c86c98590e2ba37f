import { UserError } from "../errors.ts";
import { SHARING } from "./system_error.ts";

const NO_ROOM = /No space left on device|Out of diskspace|Disk quota exceeded/;
/** The system's words where it does not give what is on a disk or server. */
export const NOT_GIVEN = /Input\/output error|Stale (?:NFS )?file handle/;
const NOT_WELL = new RegExp(`Read-only file system|${NOT_GIVEN.source}`);
/** What git says where it may not write to the repository; a file of a job that may not be read is no such case. */
const NOT_ALLOWED =
  /insufficient permission for adding an object|(?:unable to|could not|couldn't|cannot) (?:create|append to|write|unlink|mkdir|lock|rename)\b.*Permission denied/i;

/** What git says of the one file that it could not read: no word about the repository. */
const OF_A_FILE = /^error: (?:read error while indexing |(?:open|lstat|readlink)\(").*$/gm;

/**
 * The error for a command on a repository that failed because the disk refused to write, or the user may
 * not; `undefined` if it failed for another reason.
 *
 * @param command as a person would type it, without arguments.
 * @param stderr the program's own words.
 */
export function diskFailure(command: string, stderr: string): UserError | undefined {
  const message = `Cannot write to the repository: ${command} failed`;
  const again = "then run the same command again: nothing is lost";
  if (NO_ROOM.test(stderr)) {
    return new UserError("DISK", message, { detail: stderr, hint: `free space, ${again}` });
  }
  if (NOT_WELL.test(stderr.replace(OF_A_FILE, ""))) {
    return new UserError("DISK", message, {
      detail: stderr,
      hint: `wait until the file system is well again, or is mounted for writing, ${again}`,
    });
  }
  if (!NOT_ALLOWED.test(stderr)) return undefined;
  return new UserError("PERMISSION", message, {
    detail: stderr,
    hint: `have the repository's owner share it with a group (${SHARING}), ${again}`,
  });
}
