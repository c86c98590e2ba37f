import { parseArrayTasks } from "../jobs/job_id.ts";
import { directiveWords } from "./directives.ts";
import type { SbatchWords } from "./sbatch_words.ts";
import { valuesOfOptions } from "./sbatch_words.ts";

/**
 * The tasks of the array that a submission asks for: on the command line, in SBATCH_ARRAY_INX, or in the
 * directives of its script, the first that names one (sbatch(1), INPUT ENVIRONMENT VARIABLES).
 *
 * @param script the batch script's text; `undefined` with `--wrap`.
 * @returns IDs in ascending order; `undefined` if no array is asked for.
 * @throws {SyntaxError} If it cannot be read which; the message is the end of a sentence.
 */
export function arrayTasksOf(
  words: Pick<SbatchWords, "options">,
  script: string | undefined,
  env: { get(name: string): string | undefined },
): number[] | undefined {
  const directives = directiveWords(script ?? "");
  const expression = valuesOfOptions(words.options).get("array") ??
    env.get("SBATCH_ARRAY_INX") ?? valuesOfOptions(directives).get("array");
  return expression === undefined ? undefined : parseArrayTasks(expression);
}
