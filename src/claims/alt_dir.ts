import { isInside, isWithin } from "../paths/root_paths.ts";
import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { CopyError, copyTree } from "../fs/copy_tree.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { shellName } from "../shell/shell_name.ts";

/**
 * Looks at a folder that a job is to run in instead of the dataset.
 *
 * @returns its path, absolute, links resolved.
 * @throws {UserError} `BAD_ALT_DIR` if it is no folder, or in the dataset, or around it.
 */
export async function requireAltDir(dataset: Dataset, given: string): Promise<string> {
  const info = await statIfPresent(given);
  if (info?.isDirectory !== true) {
    throw badAltDir(
      given,
      info === undefined ? "it does not exist" : "it is no folder",
      `mkdir ${shellName(given)}`,
    );
  }
  const real = await Deno.realPath(given);
  const isBelow = isWithin(dataset.root, real);
  const isAround = dataset.root.startsWith(`${real === "/" ? "" : real}/`);
  if (isBelow || isAround) {
    const where = isBelow ? "is inside the dataset" : "has the dataset inside it";
    throw badAltDir(
      given,
      `it ${where}`,
      "name a folder elsewhere, for example on the scratch file system",
    );
  }
  return real;
}

/**
 * Copies inputs to where the job will run: `ALTDIR/PATH` for each path relative to the root.
 *
 * @throws {UserError} `COPY_FAILED` naming the file; nothing was submitted.
 */
export async function copyInputs(
  dataset: Dataset,
  altDir: string,
  inputs: readonly string[],
  pwd: string,
) {
  try {
    await Deno.mkdir(join(altDir, pwd), { recursive: true });
    for (const input of inputs) {
      // What is outside of the dataset is reached by its own path from everywhere.
      if (isInside(input)) await copyTree(join(dataset.root, input), join(altDir, input));
    }
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    throw new UserError("COPY_FAILED", error.message, {
      unchanged: "No job was submitted",
      hint: `make room in "${altDir}" or fix the file, then run the same command again`,
      cause: error,
    });
  }
}

/** Whether a path relative to an alternative folder is where we keep what jobs run there. */
export function isOursInAltDir(path: string): boolean {
  return path === ".dlslurm";
}

function badAltDir(given: string, reason: string, hint: string): UserError {
  return new UserError(
    "BAD_ALT_DIR",
    `Cannot use alternative folder "${given}": ${reason}`,
    { unchanged: "No job was submitted", hint },
  );
}
