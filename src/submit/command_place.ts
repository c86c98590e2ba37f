import { isInside } from "../paths/root_paths.ts";
import { join, relative, resolve } from "node:path";
import { realPathOfExisting } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { SUBSTITUTIONS } from "../datalad/dataset_config.ts";
import type { PlaceholderValue, PlaceholderValues } from "../datalad/placeholders.ts";
import { ShellText } from "../datalad/shell_text.ts";
import { UserError } from "../errors.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { shellName } from "../shell/shell_name.ts";

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

/** Most jobs run in the dataset: what looks at another folder is loaded only then. */
async function realAltDir(dataset: Dataset, altDir: string): Promise<string> {
  const { requireAltDir } = await import("../claims/alt_dir.ts");
  return await requireAltDir(dataset, altDir);
}

/**
 * Looks at where a command is to run.
 *
 * @param directory absolute; it has to be in the dataset.
 * @param altDir as given, relative to `cwd`; `undefined` without one.
 * @throws {UserError} `BAD_ALT_DIR`, `NO_DIRECTORY`, `OUTSIDE` if it is not in the dataset.
 */
export async function requirePlace(
  dataset: Dataset,
  directory: string,
  altDir: string | undefined,
  cwd: string,
): Promise<CommandPlace> {
  await requireInside(dataset, directory);
  const real = altDir === undefined ? null : await realAltDir(dataset, resolve(cwd, altDir));
  const pwd = relative(dataset.root, directory) || ".";
  if (real === null && (await statIfPresent(directory))?.isDirectory !== true) {
    throw new UserError(
      "NO_DIRECTORY",
      `Cannot submit in "${pwd}": there is no such folder`,
      { unchanged: "No job was submitted", hint: `mkdir -p ${shellName(directory)}` },
    );
  }
  const runsIn = real === null ? directory : join(real, pwd);
  const values = new Map<string, PlaceholderValue>([
    ...substitutionsOf(dataset),
    // As in DataLad, these mean the same in every dataset.
    ["pwd", runsIn],
    ["dspath", dataset.root],
    ["tmpdir", Deno.env.get("TMPDIR") ?? "/tmp"],
  ]);
  return { directory, pwd, altDir: real, runsIn, values };
}

/** A record may name any folder, and a clone may contain a link to one. */
async function requireInside({ root }: Dataset, directory: string): Promise<void> {
  const place = await realPathOfExisting(directory);
  if ([directory, place].every((path) => isInside(relative(root, path)))) return;
  throw new UserError(
    "OUTSIDE",
    `Cannot submit in "${directory}": it is not in the dataset "${root}"`,
    {
      unchanged: "No job was submitted",
      hint: "a command runs in a folder of the dataset, or in one of --alt-dir",
    },
  );
}

function substitutionsOf({ config }: Dataset): [string, ShellText][] {
  return [...config.withPrefix(SUBSTITUTIONS)].map(([name, text]) => {
    const isOfDataset = config.getOwn(`${SUBSTITUTIONS}${name}`) === undefined;
    return [name, new ShellText(text, isOfDataset)];
  });
}
