import { glob } from "node:fs/promises";
import { resolve } from "node:path";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";

const GLOB_REGEXP = /[*?[]/;

/**
 * Finds what inputs stand for: a path for itself, a glob for its matches, sorted.
 *
 * @returns absolute paths, without duplicates, in the order given.
 * @throws {UserError} `MISSING_INPUT` if a path is not there or a glob matches nothing.
 */
export async function findInputs(directory: string, given: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const input of given) {
    const path = resolve(directory, input);
    // An annexed input without content is a broken link, and still there.
    if (await lstatIfPresent(path) !== undefined) {
      found.add(path);
      continue;
    }
    const matches = GLOB_REGEXP.test(input) ? await expand(directory, input) : [];
    if (matches.length === 0) throw missing(input);
    for (const match of matches) found.add(match);
  }
  return [...found];
}

async function expand(directory: string, pattern: string): Promise<string[]> {
  const matches: string[] = [];
  for await (const match of glob(pattern, { cwd: directory })) {
    matches.push(resolve(directory, match));
  }
  return matches.sort();
}

function missing(input: string): UserError {
  const what = GLOB_REGEXP.test(input) ? "matches no file" : "is not there";
  return new UserError(
    "MISSING_INPUT",
    `Cannot schedule: input "${input}" ${what}. No job was submitted`,
    {
      hint: "inputs are relative to the folder that the command runs in",
    },
  );
}
