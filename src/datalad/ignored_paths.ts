import { join } from "node:path";
import { findIgnored, mayBeIgnored } from "../git/ignore_rules.ts";
import type { IgnoredPath } from "../git/ignore_rules.ts";
import { joinPath } from "../paths/root_paths.ts";
import type { Dataset } from "./dataset.ts";
import { groupByRepository } from "./subdatasets.ts";

/**
 * Finds which of `paths` git ignores, each by the rules of the repository that it is in. Without a rule that may
 * match one of them no process is started, else one for each repository.
 *
 * @param paths relative to the root, whether they are there or not.
 */
export async function findIgnoredPaths(
  dataset: Dataset,
  paths: Iterable<string>,
): Promise<IgnoredPath[]> {
  const found: IgnoredPath[] = [];
  for (const [folder, own] of await groupByRepository(dataset.root, paths)) {
    const root = join(dataset.root, folder);
    const isTop = folder === ".";
    const place = isTop ? dataset : { ...dataset, root, commonDir: join(root, ".git") };
    if (!await mayBeIgnored(place, own)) continue;
    const git = isTop ? dataset.git : dataset.git.at(root);
    for (const { path, rule } of await findIgnored(git, root, own)) {
      found.push({ path: joinPath(folder, path), rule });
    }
  }
  return found;
}
