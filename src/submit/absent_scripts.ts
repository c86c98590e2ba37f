import { relative } from "node:path";
import { findMissingContents } from "../annex/annexed_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { filesBehind } from "../datalad/linked_paths.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { isInside } from "../paths/root_paths.ts";
import { placesOfScript } from "../slurm/script_places.ts";
import { readSubmissionCommand } from "../slurm/submission_command.ts";
import type { SubmissionPlan } from "./plan_submission.ts";

/**
 * Finds the batch scripts of commands that are annexed files whose content is not here: sbatch could not open them.
 * Where only a shell can tell which script it is, none is found.
 *
 * @returns relative to the root.
 */
export async function findAbsentScripts(
  { root }: Pick<Dataset, "root">,
  commands: readonly Pick<SubmissionPlan, "command" | "directory">[],
): Promise<string[]> {
  const looked = new Map<string, FileLook>();
  for (const { command, directory } of commands) {
    const { script: name, chdir, isPlain } = readSubmissionCommand(command);
    if (name === undefined || !isPlain && chdir !== undefined) continue;
    const path = isPlain ? Deno.env.get("PATH") ?? "" : "";
    for (const file of placesOfScript(name, { directory, chdir, path })) {
      const look = looked.get(file) ?? await lookAt(root, file);
      looked.set(file, look);
      // What comes later in the order is not read.
      if (look.isThere || look.absent !== undefined) break;
    }
  }
  const absent = [...looked.values()].map((look) => look.absent);
  return [...new Set(absent.filter((path) => path !== undefined))];
}

interface FileLook {
  readonly isThere: boolean;
  /** Relative to the root, if its content is not here. */
  readonly absent?: string | undefined;
}

async function lookAt(root: string, file: string): Promise<FileLook> {
  const info = await statIfPresent(file);
  const path = relative(root, file);
  if (info?.isDirectory === true || !isInside(path)) return { isThere: info?.isFile === true };
  const [absent] = await findMissingContents(root, [filesBehind(root, path).at(-1)!]);
  return { isThere: info?.isFile === true, absent };
}
