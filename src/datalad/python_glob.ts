import { realPathIfPresent, statIfPresent } from "../fs/if_present.ts";

/** What makes a pattern of a path: glob.has_magic. */
const MAGIC_REGEXP = /[*?[]/;

/** Whether a path holds one of the characters that Python's glob gives a meaning. */
export function isPattern(path: string): boolean {
  return MAGIC_REGEXP.test(path);
}

/** The pattern that stands for this path alone: glob.escape. */
export function escapePattern(path: string): string {
  return path.replaceAll(/[*?[]/g, "[$&]");
}

/**
 * Finds the paths that a pattern stands for, as Python's `glob.glob(pattern, recursive=True)` does: `*`,
 * `?`, `[a-c]`, `[!a]`, and `**` for any folders, through links too. Names that begin with a dot are found
 * only by patterns that do. Unlike Python's it does not follow a link back to a folder that it is in.
 *
 * @param directory absolute; what relative patterns are relative to.
 * @returns relative as the pattern is, in no particular order, some twice where `**` stands twice.
 */
export async function pythonGlob(directory: string, pattern: string): Promise<string[]> {
  const matches = await expand(directory, pattern, false);
  return matches.filter((match) => match !== "");
}

/**
 * Whether a pattern stands for this path, if that is there; both normalised, and relative to the same folder.
 */
export function matchesPattern(path: string, pattern: string): boolean {
  return matchesParts(path.split("/"), pattern.split("/"));
}

function matchesParts(names: readonly string[], [part, ...rest]: readonly string[]): boolean {
  if (part === undefined) return names.length === 0;
  const [name, ...inside] = names;
  if (part === "**") {
    if (matchesParts(names, rest)) return true;
    return name !== undefined && !name.startsWith(".") && matchesParts(inside, [part, ...rest]);
  }
  if (name === undefined) return false;
  const isMatch = isPattern(part)
    ? (!name.startsWith(".") || part.startsWith(".")) && toRegExp(part).test(name)
    : name === part;
  return isMatch && matchesParts(inside, rest);
}

async function expand(root: string, pattern: string, onlyFolders: boolean): Promise<string[]> {
  const [head, tail] = splitPath(pattern);
  if (!isPattern(pattern)) return await isThere(root, head, tail) ? [pattern] : [];
  const heads = head !== pattern && isPattern(head) ? await expand(root, head, true) : [head];
  const found: string[] = [];
  for (const folder of heads) {
    if (!isPattern(tail)) {
      if (await isThere(root, folder, tail)) found.push(joinPath(folder, tail));
    } else if (tail === "**") {
      const path = placeOf(root, folder);
      if (!await isFolder(path)) continue;
      found.push(joinPath(folder, ""));
      for await (const name of namesBelow(path, onlyFolders, [await Deno.realPath(path)])) {
        found.push(joinPath(folder, name));
      }
    } else {
      const matcher = toRegExp(tail);
      for (const { name } of await list(placeOf(root, folder), onlyFolders)) {
        const isSeen = !name.startsWith(".") || tail.startsWith(".");
        if (isSeen && matcher.test(name)) found.push(joinPath(folder, name));
      }
    }
  }
  return found;
}

/** Folders and files below `folder`, relative to it, hidden ones and what is in them left out. */
async function* namesBelow(
  folder: string,
  onlyFolders: boolean,
  above: readonly string[],
): AsyncGenerator<string> {
  for (const { name, isSymlink } of await list(folder, onlyFolders)) {
    if (name.startsWith(".")) continue;
    yield name;
    const path = joinPath(folder, name);
    if (!await isFolder(path)) continue;
    const real = isSymlink ? await Deno.realPath(path) : joinPath(above.at(-1)!, name);
    if (above.includes(real)) continue;
    for await (const inside of namesBelow(path, onlyFolders, [...above, real])) {
      yield joinPath(name, inside);
    }
  }
}

async function list(folder: string, onlyFolders: boolean): Promise<Deno.DirEntry[]> {
  const entries: Deno.DirEntry[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      const fits = !onlyFolders || entry.isDirectory ||
        entry.isSymlink && await isFolder(joinPath(folder, entry.name));
      if (fits) entries.push(entry);
    }
  } catch (error) {
    // What cannot be looked into has no matches.
    const isClosed = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory || error instanceof Deno.errors.PermissionDenied;
    if (!isClosed) throw error;
  }
  return entries;
}

async function isThere(root: string, folder: string, name: string): Promise<boolean> {
  if (name === "") return await isFolder(placeOf(root, folder));
  const path = joinPath(placeOf(root, folder), name);
  try {
    await Deno.lstat(path);
    return true;
  } catch {
    return false;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await statIfPresent(path))?.isDirectory === true &&
      await realPathIfPresent(path) !== undefined;
  } catch {
    return false; // links in a circle
  }
}

/** As os.path.split: what is before the last slash, and what is behind it. */
function splitPath(path: string): [string, string] {
  const end = path.lastIndexOf("/") + 1;
  const head = path.slice(0, end);
  return [/^\/*$/.test(head) ? head : head.replace(/\/+$/, ""), path.slice(end)];
}

/** Not normalised: behind a link, or a file, ".." leads elsewhere, or nowhere. */
function placeOf(root: string, path: string): string {
  return path.startsWith("/") ? path : path === "" ? root : joinPath(root, path);
}

function joinPath(folder: string, name: string): string {
  return folder === "" || folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

/** One part of a path as a regular expression: Python's fnmatch, which knows no escapes. */
function toRegExp(pattern: string): RegExp {
  const characters = [...pattern];
  let source = "";
  for (let at = 0; at < characters.length;) {
    const character = characters[at++]!;
    if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else {
      const end = character === "[" ? findEndOfSet(characters, at) : -1;
      source += end < 0 ? literal(character) : toSet(characters.slice(at, end));
      if (end >= 0) at = end + 1;
    }
  }
  return new RegExp(`^${source}$`, "su");
}

/** A "]" that stands first in a set, or behind its "!", is an item of it. */
function findEndOfSet(characters: readonly string[], start: number): number {
  const first = start + (characters[start] === "!" ? 1 : 0);
  return characters.indexOf("]", characters[first] === "]" ? first + 1 : first);
}

function toSet(characters: readonly string[]): string {
  const isNegated = characters[0] === "!";
  const items: string[] = [];
  for (let at = isNegated ? 1 : 0; at < characters.length;) {
    const first = characters[at]!;
    const isRange = characters[at + 1] === "-" && at + 2 < characters.length;
    const last = isRange ? characters[at + 2]! : first;
    // A range from high to low holds nothing.
    const isEmpty = first.codePointAt(0)! > last.codePointAt(0)!;
    if (!isEmpty) items.push(`${literal(first)}-${literal(last)}`);
    at += isRange ? 3 : 1;
  }
  return `[${isNegated ? "^" : ""}${items.join("")}]`;
}

function literal(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}
