import { resolve } from "node:path";
import { byCodePoint } from "../../datalad/python_json.ts";
import { isPattern, pythonGlob } from "../../datalad/python_glob.ts";
import { UserError } from "../../errors.ts";
import { lstatIfPresent } from "../../fs/if_present.ts";

/**
 * Finds what inputs stand for: a pattern for its matches, sorted, and where it has none for the path of
 * that name, as everything else does.
 *
 * @returns absolute paths, without duplicates, in the order given.
 * @throws {UserError} `MISSING_INPUT` if a path is not there and a pattern matches nothing.
 */
export async function findInputs(directory: string, given: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const input of given) {
    if (input.trim() === "") throw missing(input);
    const matches = isPattern(input) ? await pythonGlob(directory, input) : [];
    for (const match of matches.sort(byCodePoint)) found.add(resolve(directory, match));
    if (matches.length > 0) continue;
    const path = resolve(directory, input);
    // An annexed input without content is a broken link, and still there.
    if (await lstatIfPresent(path) === undefined) throw missing(input);
    found.add(path);
  }
  return [...found];
}

/** The path of an input, absolute; of a glob, the folder that all its matches are in. */
export function placeOf(directory: string, input: string): string {
  const parts = input.split("/");
  const pattern = parts.findIndex((part) => isPattern(part));
  if (pattern < 0) return resolve(directory, input);
  return resolve(directory, input.startsWith("/") ? "/" : ".", ...parts.slice(0, pattern));
}

function missing(input: string): UserError {
  const what = input.trim() === ""
    ? "is empty"
    : isPattern(input)
    ? "matches no file"
    : "is not there";
  return new UserError(
    "MISSING_INPUT",
    `Cannot schedule: input "${input}" ${what}. No job was submitted`,
    {
      hint: "inputs are relative to the folder that the command runs in",
    },
  );
}
