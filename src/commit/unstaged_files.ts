import type { UserError } from "../errors.ts";
import type { PrivateIndex } from "../git/private_index.ts";
import { refusedName, unstaged } from "./output_problems.ts";

/**
 * Fails the jobs of which a new file is not in the index after all: git-annex tells of some of what went
 * wrong in staging, and not of all.
 *
 * @param added as `stageOutputs` gave them.
 * @param staged the paths at which the index differs from HEAD.
 * @param fail takes a path and what is wrong with it.
 */
export async function findUnstaged(
  index: PrivateIndex,
  added: readonly string[],
  staged: ReadonlySet<string>,
  fail: (path: string, error: UserError) => void,
): Promise<void> {
  const doubtful = added.filter((path) => !staged.has(path));
  if (doubtful.length === 0) return;
  // One that HEAD has, and that the user had taken out of the index, does not differ.
  const tracked = new Set(await index.listTracked(doubtful));
  const missing = doubtful.filter((path) => !tracked.has(path));
  const refused = new Set(await index.findRefused(missing));
  for (const path of missing) fail(path, refused.has(path) ? refusedName(path) : unstaged(path));
}
