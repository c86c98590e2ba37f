import { resolve } from "node:path";

/** From where sbatch looks for its batch script. */
export interface ScriptSearch {
  /** Where sbatch runs, absolute. */
  readonly directory: string;
  /** The value of `--chdir` on the command line, of several the last; absent if there is none. */
  readonly chdir?: string | undefined;
  /** The variable PATH. */
  readonly path: string;
}

/**
 * The files that sbatch takes for its batch script, the first that is there, as tried with 22.05 and 24.11: a name
 * that begins with `.` or `/` is one file; any other, with slashes or without, is looked for in the folder of
 * `--chdir` or else where sbatch runs, then in those of PATH, and last where sbatch runs. A directive in the script
 * (`#SBATCH --chdir`) comes too late to count.
 *
 * @returns absolute paths.
 */
export function placesOfScript(
  name: string,
  { directory, chdir = ".", path }: ScriptSearch,
): string[] {
  const own = resolve(directory, name);
  if (/^[./]/.test(name)) return [own];
  const folders = path.split(":").filter((folder) => folder.startsWith("/"));
  const first = resolve(directory, chdir);
  return [...new Set([...[first, ...folders].map((folder) => resolve(folder, name)), own])];
}
