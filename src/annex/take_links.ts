import { dirname, join } from "node:path";
import { lookingAhead, paceOf } from "../fs/pace.ts";
import { isReachable } from "../git/path_bytes.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { linkFolderOf } from "./backup_links.ts";

/** Files by whether they are links to objects that need nothing but to be staged. */
export interface TakenLinks {
  /** Such links; each leads where the object of its key belongs. */
  readonly links: readonly string[];
  /** Keys of those whose objects are here. */
  readonly presentKeys: readonly string[];
  /** Everything else. */
  readonly rest: readonly string[];
}

/** A link that leads where git-annex itself has the object, two folders, the key, and the key again. */
const TARGET_REGEXP = /^(?:\.\.\/)*\.git\/(annex\/objects\/[^/]+\/[^/]+\/([^/]+)\/\2)$/;

/**
 * Finds the links of git-annex among files that are not staged: what an interrupted finish left behind,
 * or a job that moved or copied such links. `git annex add` would make each anew, and for a moment
 * there would be none: whoever is stopped then has lost a file. Here a link that leads elsewhere
 * because it was moved is replaced in one step; all others are left as they are.
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
      const key = isReachable(path) ? await takeLink(repository, path) : undefined;
      if (key === undefined) rest.push(path);
      else {
        links.push(path);
        if (isThere(join(root, path))) presentKeys.add(key);
      }
    }
  }
  return { links, presentKeys: [...presentKeys], rest };
}

/** The key of a link that leads, from now on at least, where its object belongs. */
async function takeLink(repository: AnnexRepository, path: string): Promise<string | undefined> {
  const file = join(repository.root, path);
  const target = targetOf(file);
  const [, object, key] = target === undefined ? [] : TARGET_REGEXP.exec(target) ?? [];
  if (object === undefined) return undefined;
  const depth = path.split("/").length - 1;
  const right = `${"../".repeat(depth)}.git/${object}`;
  if (target !== right && !await replaceLink(repository, file, right)) return undefined;
  return key;
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

function targetOf(file: string): string | undefined {
  try {
    return Deno.lstatSync(file).isSymlink ? Deno.readLinkSync(file) : undefined;
  } catch {
    return undefined; // gone, or a target that is no text: git-annex finds the words for it
  }
}

function isThere(file: string): boolean {
  try {
    return Deno.statSync(file).isFile;
  } catch {
    return false;
  }
}
