import { dirname, join } from "node:path";

/** Removes those of `folders` (relative to `root`) that are empty, and the ones above that become so. */
export async function removeEmptyFolders(root: string, folders: Iterable<string>): Promise<void> {
  const deepestFirst = [...folders].sort((a, b) => b.length - a.length);
  for (const start of deepestFirst) {
    for (let folder = start; folder !== "" && folder !== "."; folder = dirname(folder)) {
      try {
        await Deno.remove(join(root, folder));
      } catch {
        break; // not empty, or gone: as good as removed
      }
    }
  }
}
