/**
 * What is wrong with an output that was to be committed, and what helps. Paths are relative to the root.
 *
 * @module
 */

import { join } from "node:path";
import { handedOverNoteOf } from "../annex/handed_over.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { isFolderSync } from "../fs/if_present.ts";
import { diskFailure, NOT_GIVEN } from "../process/disk_failure.ts";
import type { UnwatchedFile } from "../git/index_flags.ts";
import { nameOfUser, ownerOf, SHARING, systemWords } from "../process/system_error.ts";
import { limitFailure } from "../process/system_limits.ts";
import { shellName } from "../shell/shell_name.ts";

/** Somebody still writes to a file. */
export function changing(path: string): UserError {
  return new UserError(
    "OUTPUT_CHANGING",
    `Cannot commit the outputs: "${path}" is still written to, though the job has ended`,
    {
      unchanged: "The job stays open",
      hint: `see who does (lsof ${shellName(path)}), wait for it, then run the same command again`,
    },
  );
}

/** Git cannot read what it has of a file, and does not write it again. */
export function lostContent(path: string, object: string | undefined): UserError {
  const again = "run the same command again";
  return new UserError(
    "GIT_FAILED",
    `Cannot commit the outputs: git cannot read the content that it has noted of "${path}"`,
    {
      unchanged: "The job stays open",
      hint: object === undefined ? again : `rm ${shellName(object)}, then ${again}`,
    },
  );
}

/** Git refuses a name, and passes over the file with no more than a word of it. */
export function refusedName(path: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: git takes no file with the name "${path}": invalid path`,
    {
      unchanged: "The job stays open",
      hint:
        "rename it (.git, and names that mean the same elsewhere, such as git~1, are git's own), then " +
        "run the same command again",
    },
  );
}

/** A file did not get into the index, and git gave no reason. */
export function unstaged(path: string): UserError {
  return new UserError(
    "GIT_FAILED",
    `Cannot commit the outputs: "${path}" was not staged, and git gave no reason`,
    {
      unchanged: "The job stays open",
      hint: "see whether the disk has room, then run the same command again",
    },
  );
}

/** Git passed over a file that is there. */
export function overlooked(path: string): UserError {
  return new UserError(
    "DISK",
    `Cannot commit the outputs: git did not list "${path}", which is there`,
    {
      unchanged: "The job stays open",
      hint: `see whether "git status --short ${
        shellName(path)
      }" shows it, then run the same command again`,
    },
  );
}

/** A file has changed that git was told not to look at. */
export function unwatched({ path, flag }: UnwatchedFile): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: "${path}" has changed, and its index entry makes git skip ` +
      `it (${flag})`,
    {
      unchanged: "The job stays open, and the index as it is",
      hint: `git update-index --no-${flag} ${shellName(path)}, then run the same command again`,
    },
  );
}

/** A job has appended to an unlocked file of git-annex whose content was not here. */
export function behindPointer(path: string): UserError {
  const file = shellName(path);
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: "${path}" begins with the pointer of git-annex that stood for its content, which ` +
      "was not here, and what was written to it stands behind that",
    {
      unchanged: "The job stays open",
      hint:
        `tail -n +2 ${file} shows what was written: have ${file} be what it should be, or take it back with ` +
        `git restore ${file}; then run the same command again (git annex get before the next run)`,
    },
  );
}

/** A merge of a file has stopped half-way, as that of a stash: the index has its versions side by side. */
export function inConflict({ root }: Pick<Dataset, "root">, path: string): UserError {
  const git = `git -C ${shellName(root)}`;
  return new UserError(
    "OPERATION_IN_PROGRESS",
    `Cannot commit the outputs: "${path}" is in conflict, and the index has its versions side by side`,
    {
      unchanged: "The job stays open, file and index as they are",
      hint: `${git} status shows it: write what is to stay into the file, ${git} add ${
        shellName(path)
      }, then run the same command again`,
    },
  );
}

/** A file that finish saw a moment ago is gone. */
export function gone(path: string): UserError {
  return new UserError(
    "OUTPUT_GONE",
    `Cannot commit the outputs: "${path}" was there a moment ago, and is gone`,
    {
      unchanged: "The job stays open",
      hint: "see who removes it, put it back if it is needed, then run the same command again",
    },
  );
}

/** A file that an interrupted finish had handed to git-annex is gone. */
export function lostBefore(path: string, repository: { readonly commonDir: string }): UserError {
  return new UserError(
    "OUTPUT_GONE",
    `Cannot commit the outputs: "${path}" was there when a finish began that was interrupted, and is ` +
      "gone",
    {
      unchanged: "The job stays open",
      hint:
        "git annex unused lists contents that no file has: put the file back, or, if it was removed " +
        `on purpose: rm ${
          shellName(handedOverNoteOf(repository))
        }; then run the same command again`,
    },
  );
}

/** A folder is a repository of its own. */
export function nestedRepository(path: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: "${path}" is a Git repository of its own`,
    {
      hint: `move the repository away, or, if nobody needs its history, remove ${
        shellName(`${path}.git`)
      }; then run the same command again`,
    },
  );
}

/** Git or git-annex cannot add a file, and says why; an empty path: it does not say which file. */
export function unreadable(dataset: Dataset, path: string, reason: string): UserError {
  const [code, hint] = adviceFor(dataset, path, reason);
  return new UserError(
    code,
    `Cannot commit the outputs: ${path === "" ? "a file" : `"${path}"`} cannot be added`,
    { detail: reason, hint },
  );
}

const AGAIN = "then run the same command again";

/** What helps against the reason that git or git-annex gives. */
function adviceFor(
  dataset: Dataset,
  path: string,
  reason: string,
): readonly [code: ErrorCode, hint: string] {
  const temporary = problemOfTmpdir(reason);
  if (temporary !== undefined) return ["DISK", `${temporary}: export TMPDIR=/tmp, ${AGAIN}`];
  const filter = /clean filter '(.+)' failed/.exec(reason)?.[1];
  if (filter !== undefined) {
    return [
      "GIT_FAILED",
      `have the program of the filter on PATH (git config --get-regexp ${
        shellName(`filter.${filter}`)
      } names it), or fix what it reports, ${AGAIN}`,
    ];
  }
  const known = diskFailure("git", reason) ?? limitFailure("git", reason);
  if (known?.hint !== undefined) return [known.code, known.hint];
  if (NOT_GIVEN.test(reason)) return ["DISK", `wait until the file system can read it, ${AGAIN}`];
  if (!/permission denied|operation not permitted/i.test(reason)) {
    return ["GIT_FAILED", `fix what git reports, ${AGAIN}`];
  }
  const hint = path === "" ? `make it readable, ${AGAIN}` : hintForOwner(dataset, path);
  return ["PERMISSION", hint];
}

/** What is the matter with `TMPDIR`, of which the reason tells; `undefined` if nothing is. */
function problemOfTmpdir(reason: string): string | undefined {
  const folder = Deno.env.get("TMPDIR") ?? "";
  if (folder === "" || !reason.includes(folder.replace(/(?<=.)\/+$/, ""))) return undefined;
  if (!isFolderSync(folder)) return `TMPDIR names "${folder}", and there is no such folder`;
  try {
    // Permissions alone do not tell, of a disk that is read-only for one.
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: "dlslurm-" }));
    return undefined;
  } catch (error) {
    const why = systemWords(error) ?? String(error);
    return `TMPDIR names "${folder}", where nothing can be written (${why})`;
  }
}

/** Git must be able to read a file; git-annex wants to own it, unless the repository is shared. */
function hintForOwner({ root, hasAnnex }: Dataset, path: string): string {
  const owner = ownerOf(join(root, path));
  if (owner === undefined || owner === Deno.uid()) {
    return `chmod -R u+rwX ${shellName(path)}, then run the same command again`;
  }
  const sharing = hasAnnex
    ? `have the dataset's owner share it with a group (${SHARING})`
    : `have it made readable for you`;
  return `"${path}" is owned by ${
    nameOfUser(owner)
  }: have that user run dlslurm finish, or ${sharing}`;
}
