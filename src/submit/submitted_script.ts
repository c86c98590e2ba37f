import { isAbsolute, join, resolve } from "node:path";
import { statIfPresent } from "../fs/if_present.ts";
import { findShellSyntax, splitShellWords } from "../process/shell_words.ts";
import { parseSbatchWords, valuesOfOptions } from "../slurm/sbatch_words.ts";
import { readSubmissionCommand, splitLeniently } from "../slurm/submission_command.ts";

/** The batch script of a submission command. */
export type SubmittedScript =
  /** As the command names it, and the file, absolute. */
  | { readonly name: string; readonly file: string }
  /** The text of `--wrap`. */
  | { readonly wrap: string };

/**
 * Finds the batch script that sbatch will read, where sbatch looks: in the folder of `--chdir` or where the
 * command runs, then, for a bare name, on PATH. If a shell has to read the command, the script is found only
 * where its name is written out and nothing changes the folder.
 *
 * @param directory where the command runs, absolute.
 * @returns `undefined` if it cannot be found out, or is not there.
 */
export async function findSubmittedScript(
  command: string,
  directory: string,
): Promise<SubmittedScript | undefined> {
  const named = nameScript(command);
  if (named === undefined || "wrap" in named) return named;
  const { name, chdir } = named;
  const place = resolve(directory, chdir);
  for (const file of [resolve(place, name), ...placesOnPath(name)]) {
    if ((await statIfPresent(file))?.isFile === true) return { name, file };
  }
  return undefined;
}

type NamedScript = { readonly name: string; readonly chdir: string } | { readonly wrap: string };

function nameScript(command: string): NamedScript | undefined {
  if (findShellSyntax(command) === undefined) {
    try {
      const { script, options } = parseSbatchWords(splitShellWords(command), true);
      if ("wrap" in script) return script;
      return { name: script.path, chdir: valuesOfOptions(options).get("chdir") ?? "." };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const { script: name } = readSubmissionCommand(command);
  const changesFolder = splitLeniently(command).some((word) =>
    /^(cd|pushd|env)$/.test(word) || /^(-[A-Za-z]*D|--chdir)/.test(word)
  );
  if (name === undefined || changesFolder || /[$`*?[\]{}()<>|&;~]/.test(name)) return undefined;
  return { name, chdir: "." };
}

function placesOnPath(name: string): string[] {
  if (name.includes("/")) return [];
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return folders.filter((folder) => isAbsolute(folder)).map((folder) => join(folder, name));
}
