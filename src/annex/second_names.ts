import { join } from "node:path";
import { removeTreeIfPresent } from "../fs/if_present.ts";
import { isAnnexLink } from "./annexed_files.ts";
import type { AnnexRepository } from "./annex_repository.ts";

/**
 * Where files that may be given up for an object with the same content have second names, and where links
 * are made. A folder of our own: git-annex sweeps its one for temporary files.
 */
export function linkFolderOf({ commonDir }: AnnexRepository): string {
  return join(commonDir, "dlslurm", "links");
}

/**
 * Gives regular files second names before git-annex adds them. Where that is not possible (no hard links,
 * another file system), or would change what git-annex does, files go without.
 *
 * A crash leaves the names; {@linkcode forgetSecondNames} takes them away.
 *
 * @param paths relative to the repository's root.
 * @returns absolute second names by path.
 */
export async function keepSecondNames(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  // A file with another name is copied then, and takes its place twice.
  if (!["false", undefined].includes(repository.config.get("annex.thin"))) return kept;
  const folder = linkFolderOf(repository);
  await Deno.mkdir(folder, { recursive: true });
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
  secondNames: ReadonlyMap<string, string>,
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
  return new Map([...secondNames].filter(([path, name]) => isGivenUp(path, name)));
}

/** Takes all second names away; harmless if there are none. */
export async function forgetSecondNames(repository: AnnexRepository): Promise<void> {
  await removeTreeIfPresent(linkFolderOf(repository));
}
