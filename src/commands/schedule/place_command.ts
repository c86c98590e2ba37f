import type { Dataset } from "../../datalad/dataset.ts";
import { requirePlace } from "../../submit/command_place.ts";
import type { CommandPlace } from "../../submit/command_place.ts";
import type { CommandToSubmit } from "../../submit/plan_submission.ts";
import { installReporter } from "../../submit/report_submission.ts";
import type { OnInstall } from "../../submit/require_subdatasets.ts";
import type { CommandContext } from "../context.ts";
import { commandLineOf, wordsOf } from "./schedule_options.ts";
import type { ScheduleOptions } from "./schedule_options.ts";

/** What `schedule` was asked for, once it is known where the command runs. */
export interface PlacedCommand {
  /** As given, with the container's image in place of its name. */
  readonly options: ScheduleOptions;
  /** Where the command runs. */
  readonly place: CommandPlace;
  /** Told of each subdataset that is installed; `null`: none is. */
  readonly onInstall: OnInstall;
}

/**
 * Looks where the command of a job, of the rows of a table or of the tasks of an array is to run.
 *
 * @throws {UserError} `USAGE` without a command, and as {@linkcode requirePlace} and `useContainer`.
 */
export async function placeCommand(
  given: ScheduleOptions,
  dataset: Dataset,
  context: CommandContext,
): Promise<PlacedCommand> {
  const directory = given.dataset === undefined ? context.cwd : dataset.root;
  wordsOf(given.command);
  const place = await requirePlace(dataset, directory, given.altDir, context.cwd);
  const onInstall = installReporter(dataset, given.dryRun !== undefined, context);
  if (given.container === undefined) return { options: given, place, onInstall };
  // Loaded only then: schedule is to be quick.
  const { useContainer } = await import("./use_container.ts");
  return { options: await useContainer(given, dataset, place, onInstall), place, onInstall };
}

/** The command as the options have it, for one job. */
export function commandAsGiven(
  { command, input, extraInput, output, expand, message }: ScheduleOptions,
  place: CommandPlace,
): CommandToSubmit {
  return {
    cmd: commandLineOf(command),
    place,
    inputs: input,
    extraInputs: extraInput,
    outputs: output,
    outputsFrom: place.directory,
    message: message ?? null,
    expandsInputs: expand === "inputs" || expand === "both",
  };
}
