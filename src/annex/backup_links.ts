import { join } from "node:path";
import { removeTreeIfPresent } from "../fs/if_present.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { isAnnexLink } from "./annexed_files.ts";
import type { AnnexRepository } from "./annex_repository.ts";

/**
 * Where the backup links are, hard links to files that may be given up for an object with the same content,
 * and where links are made. A folder of our own: git-annex sweeps its one for temporary files.
 */
export function linkFolderOf({ commonDir }: AnnexRepository): string {
  return join(commonDir, "dlslurm", "links");
}

/**
 * Makes backup links of regular files before git-annex adds them. Where that is not possible (no hard links,
 * another file system), or would change what git-annex does, files go without.
 *
 * A crash leaves them; {@linkcode removeBackupLinks} takes them away.
 *
 * @param paths relative to the repository's root.
 * @returns absolute paths of the backup links, by path.
 */
export async function makeBackupLinks(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  // A file with another name is copied then, and takes its place twice.
  if (!["false", undefined].includes(repository.config.get("annex.thin"))) return kept;
  const folder = linkFolderOf(repository);
  SharedMode.of(repository.config).makeFolder(folder);
  for (const [at, path] of paths.entries()) {
    const file = join(repository.root, path);
    const name = join(folder, `before-${at}`);
    try {
      if (!(await Deno.lstat(file)).isFile) continue;
      await Deno.link(file, name);
      kept.set(path, name);
    } catch {
      // What is the matter with the file is git-annex's to say.
    }
  }
  return kept;
}

/** Those of the files that are links to another file's content now. */
export function findGivenUp(
  { root }: AnnexRepository,
  backupLinks: ReadonlyMap<string, string>,
): Map<string, string> {
  const isGivenUp = (path: string, name: string) => {
    const file = join(root, path);
    try {
      if (!Deno.lstatSync(file).isSymlink || !isAnnexLink(Deno.readLinkSync(file))) return false;
      return Deno.statSync(file).ino !== Deno.lstatSync(name).ino;
    } catch {
      return true; // for an object that is gone, even
    }
  };
  return new Map([...backupLinks].filter(([path, name]) => isGivenUp(path, name)));
}

/** Takes all backup links away; harmless if there are none. */
export async function removeBackupLinks(repository: AnnexRepository): Promise<void> {
  await removeTreeIfPresent(linkFolderOf(repository));
}
