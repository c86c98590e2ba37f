import { isInside, isWithin } from "../paths/root_paths.ts";
import { basename, dirname, join, relative, resolve } from "node:path";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { UserError } from "../errors.ts";
import { nameNotText } from "../fs/text_names.ts";
import { lstatIfPresent, realPathIfPresent } from "../fs/if_present.ts";
import { errnoOf } from "../process/system_limits.ts";

/** Characters that a shell-style pattern is made of. */
const GLOB_REGEXP = /[*?[]/;

/**
 * Turns an output as a user gives it into a claim: relative to the dataset's root, without `..`, and
 * through no symbolic link, so that two ways to name one place are one claim.
 *
 * @param root the dataset's root, links resolved.
 * @param pwd the directory that `given` is relative to, absolute.
 * @throws {UserError} `BAD_OUTPUT` if it is empty, a pattern, outside the dataset or in `.git`.
 */
export async function resolveClaim(root: string, pwd: string, given: string): Promise<string> {
  if (given.trim() === "") {
    throw badOutput(given, "it is empty", "name a file or folder: -o results");
  }
  if (given.includes("\0")) {
    throw badOutput(given, "no file name holds a NUL", "name a file or folder");
  }
  const path = resolve(pwd, given);
  if (GLOB_REGEXP.test(given) && await lstatIfPresent(path) === undefined) {
    throw badOutput(
      given,
      "patterns cannot be compared with the claims of other jobs",
      "name the folder that all outputs are in",
    );
  }
  const place = await followLinks(root, path, given).catch((error) => {
    const notText = nameNotText(error);
    if (notText !== undefined) throw badOutput(given, notText.message, notText.hint!);
    if (errnoOf(error) === "ENAMETOOLONG") throw tooLong(given);
    if (!(error instanceof Deno.errors.FilesystemLoop)) throw error;
    throw badOutput(
      given,
      "its symbolic links form a loop",
      "fix the links, or name another folder",
    );
  });
  const claim = relative(root, place);
  if (claim === "") return ".";
  if (claim === ".." || claim.startsWith("../")) {
    throw badOutput(
      given,
      `it is outside the dataset "${root}"`,
      "have the job write into the dataset",
    );
  }
  if (claim.split("/").includes(".git")) {
    throw badOutput(
      given,
      "it is inside Git's own folder",
      "name a file or folder of the worktree",
    );
  }
  return claim;
}

/** The name itself would fill the line. */
function tooLong(given: string): UserError {
  return badOutput(
    `${given.slice(0, 40)}…`,
    "it is longer than the file system takes",
    "choose shorter names: most file systems take 255 bytes for each part of a path",
  );
}

/** Resolves links in the folders above `path`, and `path` itself unless it is an annexed file. */
async function followLinks(root: string, path: string, given: string): Promise<string> {
  const info = await lstatIfPresent(path);
  if (info?.isSymlink && !isAnnexLink(await Deno.readLink(path))) {
    const target = await realPathOfExisting(path);
    if (!isWithin(root, target)) {
      throw badOutput(
        given,
        `it is a symbolic link out of the dataset, to "${target}"`,
        "name a folder inside the dataset, or use a copy instead of the link",
      );
    }
    return target;
  }
  return join(await realPathOfExisting(dirname(path)), basename(path));
}

/** The real path of the deepest folder that exists, with the rest behind it. */
export async function realPathOfExisting(path: string): Promise<string> {
  const real = await realPathIfPresent(path);
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return join(await realPathOfExisting(dirname(path)), basename(path));
}

/**
 * The path of a file relative to `root`, the links in the folders above it resolved; `undefined` if
 * those are not there, or not in the work tree.
 *
 * @param root absolute, links resolved.
 * @param path absolute.
 */
export async function pathInside(root: string, path: string): Promise<string | undefined> {
  const folder = await realPathIfPresent(dirname(path));
  if (folder === undefined) return undefined;
  const inside = relative(root, join(folder, basename(path)));
  return isInside(inside) ? inside : undefined;
}

/** The error for an output that cannot be claimed. */
export function badOutput(given: string, reason: string, hint: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot claim output "${given}": ${reason}`,
    { unchanged: "No job was submitted", hint },
  );
}
