import { join } from "node:path";
import { UserError } from "../errors.ts";
import { statIfPresent } from "../fs/if_present.ts";
import type { ConfigValues } from "../git/git_config.ts";
import { parseConfig } from "../git/parse_config.ts";

/**
 * What counts of a dataset's own configuration. It comes with a clone: whoever made the dataset must not
 * choose programs that run here, nor how git works.
 */
const COUNTING = new Set([
  "datalad.dataset.id",
  "datalad.run.record-sidecar",
  "datalad.run.record-directory",
]);

/** What a placeholder of the user's choice stands for, by its name. */
export const SUBSTITUTIONS = "datalad.run.substitutions.";

/** What datalad-container keeps of a container, by its name. */
export const CONTAINERS = "datalad.containers.";
/** Where its image lies counts; with what program it would be run does not. */
const CONTAINER_IMAGE_REGEXP = /^datalad\.containers\.[^.]+\.image$/;

/** More is no configuration. */
const MOST_BYTES = 1_000_000;

/**
 * Reads `.datalad/config`: of it only names of DataLad's that dlslurm needs, and no file that it includes.
 *
 * @param root the dataset's, absolute.
 * @returns nothing where there is no such file.
 * @throws {UserError} `BAD_CONFIG` if it cannot be read.
 */
export async function readDatasetConfig(root: string): Promise<ConfigValues> {
  const file = join(root, ".datalad", "config");
  const info = await statIfPresent(file);
  if (info === undefined) return new Map();
  try {
    // A clone may bring a link, to a pipe or a device as well.
    if (!info.isFile) throw new SyntaxError("it is no file");
    if (info.size > MOST_BYTES) throw new SyntaxError(`it has ${info.size} bytes`);
    const values = parseConfig(await Deno.readTextFile(file));
    return new Map(
      [...values].filter(([name]) =>
        COUNTING.has(name) || name.startsWith(SUBSTITUTIONS) || CONTAINER_IMAGE_REGEXP.test(name)
      ),
    );
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof Deno.errors.PermissionDenied)) {
      throw error;
    }
    throw new UserError(
      "BAD_CONFIG",
      `Cannot read the configuration of the dataset, "${file}": ${error.message}`,
      { hint: `git log -p -- .datalad/config`, cause: error },
    );
  }
}
