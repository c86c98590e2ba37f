import { join } from "node:path";
import { isInside, isWithin } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import { CopyError, copyTree } from "../fs/copy_tree.ts";
import { lstatIfPresent, statIfPresent } from "../fs/if_present.ts";
import type { SubmittedJob } from "../jobs/job.ts";

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
      `mkdir "${given}"`,
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
    throw new UserError("COPY_FAILED", `${error.message}. No job was submitted`, {
      hint: `make room in "${altDir}" or mend the file, then run the same command again`,
      cause: error,
    });
  }
}

/**
 * Brings the outputs of a job that ran elsewhere back into the dataset. Repeating it is harmless.
 *
 * @param slurmOutputs relative to the root, as they are relative to the alternative folder.
 * @throws {UserError} `COPY_FAILED` naming the file; the job stays open.
 */
export async function copyOutputsBack(
  dataset: Dataset,
  job: SubmittedJob,
  slurmOutputs: readonly string[],
): Promise<void> {
  if (job.altDir === null) return;
  try {
    for (const path of [...job.outputs, ...slurmOutputs]) {
      const source = join(job.altDir, path);
      // Not written, or written to the dataset by its own path: looked at like any other output.
      if (await lstatIfPresent(source) !== undefined) {
        await copyTree(source, join(dataset.root, path));
      }
    }
  } catch (error) {
    if (!(error instanceof CopyError)) throw error;
    throw new UserError(
      "COPY_FAILED",
      `Cannot bring the outputs of job ${job.jobId} back: ${error.message}. The job stays open`,
      { hint: `mend it, then: dlslurm finish ${job.jobId}`, cause: error },
    );
  }
}

function badAltDir(given: string, reason: string, hint: string): UserError {
  return new UserError(
    "BAD_ALT_DIR",
    `Cannot use alternative folder "${given}": ${reason}. No job was submitted`,
    {
      hint,
    },
  );
}
