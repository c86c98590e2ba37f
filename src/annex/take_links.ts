import { dirname, join } from "node:path";
import { lookingAhead, paceOf } from "../fs/pace.ts";
import { isReachable } from "../git/path_bytes.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { isAnnexLink } from "./annexed_files.ts";
import { isKey, keyOfFileName, parseAnnexed } from "./annex_key.ts";
import { linkFolderOf } from "./backup_links.ts";

/** Files by whether they are links that need nothing but to be staged. */
export interface TakenLinks {
  /** Such links: those to objects, each of which leads where the object of its key belongs, and all others. */
  readonly links: readonly string[];
  /** Keys of those whose objects are here. */
  readonly presentKeys: readonly string[];
  /** Everything else: files, and links to objects that do not lead where git-annex has them. */
  readonly rest: readonly string[];
}

/** A link that leads where git-annex itself has the object, two folders, the key, and the key again. */
const TARGET_REGEXP = /^(?:\.\.\/)*\.git\/(annex\/objects\/[^/]+\/[^/]+\/([^/]+)\/\2)$/;

/**
 * Finds the links among files that are not staged. Those of git-annex are what an interrupted finish left
 * behind, or a job that moved or copied them. `git annex add` would make each anew, and for a moment
 * there would be none: whoever is stopped then has lost a file. Here a link that leads elsewhere
 * because it was moved is replaced in one step; all others are left as they are. In the place of a link
 * that leads to no object `git annex add` puts the annexed file that the index has there.
 *
 * A crash leaves each link as it was or mended.
 *
 * @param paths relative to the repository's root.
 */
export async function takeLinks(
  repository: AnnexRepository,
  paths: readonly string[],
): Promise<TakenLinks> {
  const links: string[] = [];
  const rest: string[] = [];
  const presentKeys = new Set<string>();
  const { root } = repository;
  for await (const group of lookingAhead(paceOf(root), paths, (path) => [join(root, path)])) {
    for (const path of group) {
      const taken = isReachable(path) ? await takeLink(repository, path) : undefined;
      if (taken === undefined) rest.push(path);
      else {
        links.push(path);
        if (taken.key !== undefined && isThere(join(root, path))) presentKeys.add(taken.key);
      }
    }
  }
  return { links, presentKeys: [...presentKeys], rest };
}

/** A link that leads where it should, from now on at least, with the key if it is one of git-annex. */
async function takeLink(
  repository: AnnexRepository,
  path: string,
): Promise<{ readonly key?: string } | undefined> {
  const file = join(repository.root, path);
  const target = targetOf(file);
  if (target === undefined) return undefined;
  const [, object, name] = TARGET_REGEXP.exec(target) ?? [];
  if (object === undefined || name === undefined) return leadsToKey(target) ? undefined : {};
  const depth = path.split("/").length - 1;
  const right = `${"../".repeat(depth)}.git/${object}`;
  if (target !== right && !await replaceLink(repository, file, right)) return undefined;
  return { key: keyOfFileName(name) };
}

/** Whether git-annex takes a link with this target for an annexed file. */
function leadsToKey(target: string): boolean {
  return isAnnexLink(target) && isKey(parseAnnexed(target)!.key);
}

async function replaceLink(
  repository: AnnexRepository,
  file: string,
  target: string,
): Promise<boolean> {
  const link = join(linkFolderOf(repository), crypto.randomUUID());
  try {
    await Deno.mkdir(dirname(link), { recursive: true });
    await Deno.symlink(target, link);
    await Deno.rename(link, file);
    return true;
  } catch {
    return false; // git-annex finds the words for it
  }
}

/** The target of a link; empty if it is no text, as none of git-annex is. */
function targetOf(file: string): string | undefined {
  try {
    return Deno.lstatSync(file).isSymlink ? Deno.readLinkSync(file) : undefined;
  } catch (error) {
    return error instanceof Deno.errors.InvalidData ? "" : undefined; // gone: git-annex finds the words
  }
}

function isThere(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
