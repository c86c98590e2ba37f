import { resolve } from "node:path";
import { byCodePoint } from "../datalad/python_json.ts";
import { isPattern, pythonGlob } from "../datalad/python_glob.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import { errnoOf } from "../process/system_limits.ts";
import { missingInput } from "./awaited_inputs.ts";

/** What inputs stand for. */
export interface FoundInputs {
  /** Absolute paths, without duplicates, in the order given; those that are not there are as given. */
  readonly paths: readonly string[];
  /** Inputs that are not there, and patterns that match nothing, as given; with their paths. */
  readonly absent: ReadonlyMap<string, string>;
}

/**
 * Finds what inputs stand for: a pattern for its matches, sorted, and where it has none for the path of
 * that name, as everything else does.
 *
 * @throws {UserError} `MISSING_INPUT` if one is empty.
 */
export async function findInputs(
  directory: string,
  given: readonly string[],
): Promise<FoundInputs> {
  const found = new Set<string>();
  const absent = new Map<string, string>();
  for (const input of given) {
    if (input.trim() === "") throw missingInput(input);
    const matches = isPattern(input) ? await pythonGlob(directory, input) : [];
    for (const match of matches.sort(byCodePoint)) found.add(resolve(directory, match));
    if (matches.length > 0) continue;
    const path = resolve(directory, input);
    // An annexed input without content is a broken link, and still there.
    if (!await isThere(path)) absent.set(input, path);
    found.add(path);
  }
  return { paths: [...found], absent };
}

async function isThere(path: string): Promise<boolean> {
  try {
    return await lstatIfPresent(path) !== undefined;
  } catch (error) {
    if (errnoOf(error) === "ENAMETOOLONG") return false; // nothing has such a name
    throw error;
  }
}

/** The path of an input, absolute; of a glob, the folder that all its matches are in. */
export function placeOf(directory: string, input: string): string {
  const parts = input.split("/");
  const pattern = parts.findIndex((part) => isPattern(part));
  if (pattern < 0) return resolve(directory, input);
  return resolve(directory, input.startsWith("/") ? "/" : ".", ...parts.slice(0, pattern));
}
