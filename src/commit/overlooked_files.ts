import { dirname, join } from "node:path";
import { lstatIfPresent } from "../fs/if_present.ts";
import { RealFolders } from "../fs/real_folders.ts";
import { withoutIgnored } from "../git/changes.ts";
import type { Git } from "../git/git.ts";
import { decodePath, splitNul } from "../git/path_bytes.ts";

/**
 * Finds files below claims that git had nothing to say of, though it should have: git passes over a folder
 * whose listing breaks off half-way, as on a server that has gone, without a word and with exit status 0,
 * and its job would be finished without outputs. Reads only; for claims that were listed well there is
 * nothing to do.
 *
 * @param root of the work tree, absolute, links resolved.
 * @param claims relative to `root`, each without one candidate.
 * @param isWanted whether a file is one that would be committed.
 * @returns by claim the first such file, or why its files cannot be listed.
 */
export async function findOverlooked(
  git: Git,
  root: string,
  claims: readonly string[],
  isWanted: (file: string) => boolean,
): Promise<Map<string, string | Error>> {
  const found = new Map<string, string | Error>();
  const files = new Map<string, string[]>();
  const folders = new RealFolders();
  for (const claim of claims) {
    try {
      // What is behind a link git has no word of, and refuses to be asked about.
      const folder = dirname(join(root, claim));
      if (folders.find(folder) !== folder) continue;
      const own = (await listFiles(root, claim)).filter(isWanted);
      if (own.length > 0) files.set(claim, own);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      found.set(claim, error);
    }
  }
  if (files.size === 0) return found;
  const listed = await git.require(["ls-files", "-z", "--cached", "--", ...files.keys()]);
  const tracked = new Set([...splitNul(listed)].map(decodePath));
  const untracked = [...files.values()].flat().filter((file) => !tracked.has(file));
  const overlooked = new Set(await withoutIgnored(git, untracked));
  for (const [claim, own] of files) {
    const first = own.find((file) => overlooked.has(file));
    if (first !== undefined) found.set(claim, first);
  }
  return found;
}

/** Files and links at and below a path, repositories of their own left out. */
async function listFiles(root: string, path: string): Promise<string[]> {
  const info = await lstatIfPresent(`${root}/${path}`);
  if (info?.isFile || info?.isSymlink) return [path];
  if (info?.isDirectory !== true) return [];
  const files: string[] = [];
  for await (const { name, isFile, isDirectory, isSymlink } of Deno.readDir(`${root}/${path}`)) {
    // A name that is not UTF-8 reads differently here than in git's own listing.
    if (name === ".git" || name.includes("\ufffd")) continue;
    const inside = path === "." ? name : `${path}/${name}`;
    if (isFile || isSymlink) files.push(inside);
    else if (isDirectory && await lstatIfPresent(`${root}/${inside}/.git`) === undefined) {
      for (const file of await listFiles(root, inside)) files.push(file);
    }
  }
  return files;
}
