import { directivesOf, wordsOfDirective } from "./directives.ts";
import { valuesOfOptions, valuesOfWords } from "./sbatch_words.ts";
import type { SbatchWords } from "./sbatch_words.ts";

/** What sbatch tells Slurm of a job, by what it was given. */
export interface ExpectedDetails {
  /** Standard output as a pattern, with `%j` and the like; relative to `folder` unless absolute. */
  readonly stdout: string;
  /** Standard error; `null` where it is that of `stdout`. */
  readonly stderr: string | null;
  /** Where the job runs, relative to where sbatch ran unless absolute. */
  readonly folder: string;
  /** Array task IDs; `null` for a plain job. */
  readonly arrayTasks: string | null;
  /** How many components there are; 1 if it is no heterogeneous job. */
  readonly componentCount: number;
  /** Slurm's job name. */
  readonly jobName: string;
}

/** sbatch(1), INPUT ENVIRONMENT VARIABLES: they stand between command line and batch script. */
const VARIABLES: Readonly<Record<string, string>> = {
  ...{ array: "SBATCH_ARRAY_INX", error: "SBATCH_ERROR", output: "SBATCH_OUTPUT" },
  "job-name": "SBATCH_JOB_NAME",
};

/** sbatch(1), HETEROGENEOUS JOBS: stands between the directives of two components. */
const SEPARATOR = /^#SBATCH\s+(het|pack)job\s*$/;

/**
 * Tells from an sbatch command line and its batch script what Slurm was told, where nobody can be asked
 * any more: sbatch(1), options before variables before directives.
 *
 * @param script the batch script's text; `null` with `--wrap`.
 * @param isTask whether the job is a task of an array of which the words do not tell.
 * @param env as it was when sbatch ran, as far as that is known.
 * @throws {SyntaxError} If that cannot be told.
 */
export function expectDetails(
  words: SbatchWords,
  script: string | null,
  isTask: boolean,
  env: (name: string) => string | undefined,
): ExpectedDetails {
  const lines = script === null ? [] : directivesOf(script);
  const separators = lines.flatMap((line, at) => SEPARATOR.test(line) ? [at] : []);
  // The batch script runs, and logs, in the first component.
  const directives = valuesOfOptions(lines.slice(0, separators[0]).flatMap(wordsOf));
  const values = valuesOfWords(words);
  const valueOf = (name: string) => {
    const variable = VARIABLES[name];
    const inherited = variable === undefined ? undefined : env(variable);
    return values.get(name) ?? inherited ?? directives.get(name);
  };
  const arrayTasks = valueOf("array")?.replace(/%[0-9]+$/, "") ?? null;
  return {
    stdout: valueOf("output") ??
      (arrayTasks === null && !isTask ? "slurm-%j.out" : "slurm-%A_%a.out"),
    stderr: valueOf("error") ?? null,
    folder: valueOf("chdir") ?? ".",
    arrayTasks,
    componentCount: Math.max(separators.length, words.further.length) + 1,
    jobName: valueOf("job-name") ??
      ("wrap" in words.script
        ? "wrap"
        : words.script.path.slice(words.script.path.lastIndexOf("/") + 1)),
  };
}

/** The options in a directive. */
function wordsOf(directive: string): string[] {
  if (!directive.startsWith("#SBATCH")) {
    throw new SyntaxError(`"${directive}" is of another system`);
  }
  return wordsOfDirective(directive);
}
