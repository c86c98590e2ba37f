import { join, relative, resolve } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import type { PlaceholderValues } from "../../datalad/placeholders.ts";
import { UserError } from "../../errors.ts";
import { statIfPresent } from "../../fs/if_present.ts";
import { requireAltDir } from "../alt_dir.ts";

/** Where a command runs, and what follows from that; all rows of a table share it. */
export interface CommandPlace {
  /** Absolute, in the dataset: what the command's inputs are relative to. */
  readonly directory: string;
  /** The same relative to the dataset's root. */
  readonly pwd: string;
  /** Folder that it runs in instead of the dataset, absolute, links resolved; `null` without one. */
  readonly altDir: string | null;
  /** Absolute: `directory`, or its counterpart in the alternative folder. */
  readonly runsIn: string;
  /** The placeholders that do not depend on inputs and outputs. */
  readonly values: PlaceholderValues;
}

/**
 * Looks at where a command is to run.
 *
 * @param directory absolute, in the dataset.
 * @param altDir as given, relative to `cwd`; `undefined` without one.
 * @throws {UserError} `BAD_ALT_DIR`, `NO_DIRECTORY`.
 */
export async function requirePlace(
  dataset: Dataset,
  directory: string,
  altDir: string | undefined,
  cwd: string,
): Promise<CommandPlace> {
  const real = altDir === undefined ? null : await requireAltDir(dataset, resolve(cwd, altDir));
  const pwd = relative(dataset.root, directory) || ".";
  if (real === null && (await statIfPresent(directory))?.isDirectory !== true) {
    throw new UserError(
      "NO_DIRECTORY",
      `Cannot submit in "${pwd}": there is no such folder. No job was submitted`,
      { hint: `mkdir -p "${directory}"` },
    );
  }
  const runsIn = real === null ? directory : join(real, pwd);
  const values = new Map<string, string | readonly string[]>([
    ["pwd", runsIn],
    ["dspath", dataset.root],
    ["tmpdir", Deno.env.get("TMPDIR") ?? "/tmp"],
    ...dataset.config.withPrefix("datalad.run.substitutions."),
  ]);
  return { directory, pwd, altDir: real, runsIn, values };
}
