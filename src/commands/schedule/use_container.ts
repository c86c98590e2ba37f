import { join, relative } from "node:path";
import { findContainerImage, folderOfContainer, literalInput } from "../../datalad/containers.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { fillColumnsOfCommand, placeholdersIn } from "../../datalad/fill_columns.ts";
import { splitShellWords } from "../../shell/shell_words.ts";
import type { CommandPlace } from "../../submit/command_place.ts";
import { requireSubdatasets } from "../../submit/require_subdatasets.ts";
import type { OnInstall } from "../../submit/require_subdatasets.ts";
import { commandLineOf, wordsOf } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";

/** The placeholder for the image. */
export const CONTAINER_PLACEHOLDER = "container";

/**
 * Makes a container's image an extra input, and fills its path in where the command says `{container}`: the
 * record then needs no container to be configured, neither here later nor for the Python extension.
 *
 * @param onInstall as for {@linkcode requireSubdatasets}.
 * @returns the options as they are without `--container`.
 * @throws {UserError} `BAD_CONTAINER`, `BAD_CONFIG`; no job was submitted.
 */
export async function useContainer(
  options: ScheduleOptions,
  dataset: Dataset,
  { directory, values }: CommandPlace,
  onInstall: OnInstall,
): Promise<ScheduleOptions> {
  const { container } = options;
  if (container === undefined) return options;
  const folder = folderOfContainer(container);
  if (folder !== "." && onInstall !== null) {
    await requireSubdatasets(dataset, [], [join(folder, ".datalad")], onInstall);
  }
  const image = await findContainerImage(dataset, container);
  const path = relative(directory, join(dataset.root, image));
  return {
    ...options,
    extraInput: [...options.extraInput, literalInput(path)],
    // A name that begins with a dash would be an option of whatever reads it.
    command: fillCommand(options.command, path.startsWith("-") ? `./${path}` : path, values),
  };
}

function fillCommand(
  words: readonly string[],
  image: string,
  others: CommandPlace["values"],
): readonly string[] {
  const line = commandLineOf(words);
  if (!placeholdersIn(line).includes(CONTAINER_PLACEHOLDER)) return words;
  const filled = fillColumnsOfCommand(line, new Map([[CONTAINER_PLACEHOLDER, image]]), others);
  // Several words are quoted each as a whole.
  return wordsOf(words).length === 1 ? [filled] : splitShellWords(filled);
}
