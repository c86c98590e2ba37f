import { joinPath } from "../paths/root_paths.ts";
import { join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import { findChangesByCommit } from "../git/changes.ts";
import type { Git } from "../git/git.ts";
import { GITLINK_MODE } from "../git/submodules.ts";

/**
 * Finds the files that each of `commits` added or changed, also in installed subdatasets whose commits
 * they record; one git call for each dataset.
 *
 * @returns paths relative to the dataset's root, by commit.
 */
export async function findWrittenFiles(
  dataset: Dataset,
  commits: readonly string[],
): Promise<Map<string, string[]>> {
  return await visit(dataset.git, dataset.root, commits);
}

async function visit(
  git: Git,
  root: string,
  commits: readonly string[],
): Promise<Map<string, string[]>> {
  const files = new Map<string, string[]>(commits.map((oid) => [oid, []]));
  const links: { readonly commit: string; readonly path: string; readonly oid: string }[] = [];
  for (const [commit, changes] of await findChangesByCommit(git, commits)) {
    for (const { kind, mode, path, oid } of changes) {
      if (mode === GITLINK_MODE) links.push({ commit, path, oid });
      else if (kind !== "delete") files.get(commit)?.push(path);
    }
  }
  for (const [path, own] of Map.groupBy(links, (link) => link.path)) {
    const folder = join(root, path);
    if (await lstatIfPresent(join(folder, ".git")) === undefined) continue;
    const inner = await visit(git.at(folder), folder, [...new Set(own.map(({ oid }) => oid))]);
    for (const { commit, oid } of own) {
      files.get(commit)?.push(...inner.get(oid)!.map((file) => joinPath(path, file)));
    }
  }
  return files;
}
