import { isAbsolute, join } from "node:path";

/** The value behind each `%` letter; a number can be zero-padded (`%4a`). */
export type PatternValues = Readonly<Partial<Record<string, string | number>>>;

/** What `%a` gives for a job that is no array task: Slurm's NO_VAL. */
export const NO_TASK_INDEX = 4_294_967_294;

/** How a pattern is expanded. */
export interface ExpandOptions {
  /** `%4a` and `%%` are replaced as well; scontrol 22.05 shows them as they stand. */
  readonly padded: boolean;
}

/**
 * Replaces the symbols of a file name pattern, sbatch(1) "filename pattern". A backslash anywhere
 * switches replacement off and is dropped; a symbol without a value stays as it is.
 */
export function expandPattern(
  pattern: string,
  values: PatternValues,
  options: ExpandOptions,
): string {
  if (pattern.includes("\\")) return pattern.replaceAll("\\", "");
  return pattern.replace(/%(%|(\d*)([A-Za-z]))/g, (whole, symbol, width, letter) => {
    if ((symbol === "%" || width !== "") && !options.padded) return whole;
    if (symbol === "%") return "%";
    const value = values[letter];
    if (value === undefined) return whole;
    // Slurm pads numbers to at most ten places.
    return typeof value === "number" && width !== ""
      ? String(value).padStart(Math.min(Number(width), 10), "0")
      : String(value);
  });
}

/** The pattern sbatch uses when none is given. */
export function defaultPattern(isArray: boolean): string {
  return isArray ? "slurm-%A_%a.out" : "slurm-%j.out";
}

/** Makes a log path absolute as Slurm does: relative to the job's working directory, not normalised. */
export function absoluteLogPath(path: string, workDir: string): string {
  return isAbsolute(path) ? path : workDir === "/" ? join("/", path) : `${workDir}/${path}`;
}
