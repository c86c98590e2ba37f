import { resolve } from "node:path";
import { UserError } from "../../errors.ts";
import { readTextIfPresent } from "../../fs/if_present.ts";
import { findShellSyntax, splitShellWords } from "../../shell/shell_words.ts";
import { arrayTasksOf } from "../../slurm/array_of_command.ts";
import { parseSbatchWords } from "../../slurm/sbatch_words.ts";
import type { CommandPlace } from "../../submit/command_place.ts";
import { sharedPlace } from "../../submit/plan_submission.ts";
import type { CommandContext } from "../context.ts";

/** Stands for a task's ID in outputs; with `--per-task` in inputs and the message, too. */
export const TASK = "{task}";
/** Doubled braces are braces. */
const TASK_REGEXP = /(?<!\{)\{task\}(?!\})/g;

/** Outputs of an array that is one job, and which of them are those of one task. */
export interface TaskOutputs {
  /** With an output of each task in the place of one that names it. */
  readonly outputs: readonly string[];
  /** The task of each of those. */
  readonly outputTasks: ReadonlyMap<string, number>;
}

/**
 * Names the outputs of each task of an array that stays one job: what a task has written can then be
 * committed while others have failed.
 *
 * @throws {UserError} `USAGE` as {@linkcode tasksOf}, `BAD_OUTPUT` if two tasks have one.
 */
export async function expandTaskOutputs(
  outputs: readonly string[],
  cmd: string,
  place: CommandPlace,
  context: CommandContext,
): Promise<TaskOutputs> {
  const tasks = await tasksOf(cmd, place, context);
  const outputTasks = new Map<string, number>();
  const expanded = outputs.flatMap((output) => {
    if (output.search(TASK_REGEXP) < 0) return [output];
    return tasks.map((task) => {
      const own = output.replaceAll(TASK_REGEXP, String(task));
      const other = outputTasks.get(own);
      if (other !== undefined && other !== task) throw sharedPlace(own, other, task);
      outputTasks.set(own, task);
      return own;
    });
  });
  return { outputs: expanded, outputTasks };
}

/**
 * The tasks of the array that a command, its script or the environment asks for.
 *
 * @throws {UserError} `USAGE` if the command asks for no array, or it cannot be read for which.
 */
export async function tasksOf(
  cmd: string,
  place: CommandPlace,
  { env }: CommandContext,
): Promise<readonly number[]> {
  try {
    const special = findShellSyntax(cmd);
    if (special !== undefined) throw new SyntaxError(`a shell has to read its ${special}`);
    const words = parseSbatchWords(splitShellWords(cmd), true);
    const script = "wrap" in words.script
      ? undefined
      : await readTextIfPresent(resolve(place.runsIn, words.script.path));
    const tasks = arrayTasksOf(words, script, env);
    if (tasks !== undefined) return tasks;
    throw new SyntaxError("neither the command nor its script asks for an array");
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError(
      "USAGE",
      `Cannot find the tasks of "${cmd}": ${error.message}`,
      {
        unchanged: "No job was submitted",
        hint:
          "a plain sbatch command with --array=1-50, or outputs without {task} and no --per-task: the array " +
          "is then one job",
      },
    );
  }
}
