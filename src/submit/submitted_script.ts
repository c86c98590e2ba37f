import { pointerIn } from "../datalad/look_at_input.ts";
import { statIfPresent } from "../fs/if_present.ts";
import { blobOid } from "../git/blob_oid.ts";
import { placesOfScript } from "../slurm/script_places.ts";
import { readSubmissionCommand } from "../slurm/submission_command.ts";

/** The batch script of a submission command. */
export type SubmittedScript =
  /** As the command names it, and the file, absolute. */
  | { readonly name: string; readonly file: string }
  /** The text of `--wrap`. */
  | { readonly wrap: string };

/**
 * Finds the batch script that sbatch will read. If a shell has to read the command, the script is found only where
 * it is certain that sbatch reads this file, and as it is now.
 *
 * @param directory where the command runs, absolute.
 * @returns `undefined` if it cannot be found out, or is not there.
 */
export async function findSubmittedScript(
  command: string,
  directory: string,
): Promise<SubmittedScript | undefined> {
  const { script: name, wrap, chdir, isPlain } = readSubmissionCommand(command);
  if (wrap !== undefined) return isPlain ? { wrap } : undefined;
  if (name === undefined || !isPlain && chdir !== undefined) return undefined;
  // A line may change where sbatch looks besides its folder.
  const file = await findScriptFile(name, directory, chdir, isPlain ? undefined : "");
  return file === undefined ? undefined : { name, file };
}

/**
 * Finds the file that sbatch takes for its batch script, where sbatch looks.
 *
 * @param name as the command has it.
 * @param directory where sbatch runs, absolute.
 * @param chdir the value of `--chdir` in the command.
 * @param path the variable PATH.
 * @returns absolute; `undefined` if there is none.
 */
export async function findScriptFile(
  name: string,
  directory: string,
  chdir?: string,
  path = Deno.env.get("PATH") ?? "",
): Promise<string | undefined> {
  for (const file of placesOfScript(name, { directory, chdir, path })) {
    if ((await statIfPresent(file))?.isFile === true) return file;
  }
  return undefined;
}

/**
 * What the batch script of a command is now, which is no `--wrap`: git's name for its content.
 *
 * @param likeOid any object name of the repository.
 * @returns `undefined` if it cannot be told, as of an annexed one that is not here.
 */
export async function scriptBlobNow(
  command: string,
  directory: string,
  likeOid: string,
): Promise<string | undefined> {
  const found = await findSubmittedScript(command, directory);
  if (found === undefined || "wrap" in found) return undefined;
  try {
    const content = await Deno.readFile(found.file);
    return pointerIn(content) === undefined ? await blobOid(content, likeOid) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied) {
      return undefined;
    }
    throw error;
  }
}
