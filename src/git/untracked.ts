import type { Git } from "./git.ts";
import { decodePath, splitNul } from "./path_bytes.ts";

/**
 * Finds the files at and under some places that git does not know, those that it ignores among them; a
 * repository of its own is listed as a folder, with a slash behind it.
 *
 * @param places relative to the root; without any nothing is found.
 * @throws {UserError} `GIT_FAILED`
 */
export async function findUntracked(git: Git, places: readonly string[]): Promise<string[]> {
  if (places.length === 0) return [];
  const listed = await git.require(["ls-files", "-z", "--others", "--", ...places]);
  return [...splitNul(listed)].map(decodePath);
}
