import { join } from "node:path";
import { isAbsence, lstatIfPresent } from "./if_present.ts";

/** Something in a tree; what is neither file, link nor folder (a socket, say) is told as a file. */
export interface TreeEntry {
  /** Relative to the root of the walk. */
  readonly path: string;
  /** What it is itself, links are not followed; `closed` is a folder that may not be read. */
  readonly kind: "file" | "link" | "folder" | "closed";
}

/**
 * Walks through what is at `path` and under it, each folder before what is in it; nothing if nothing is
 * there. What is called `.git` is left out, and what vanishes meanwhile.
 *
 * @param path relative to `root`; `.` for that itself.
 */
export async function* walkTree(root: string, path: string): AsyncGenerator<TreeEntry> {
  const info = await lstatIfPresent(join(root, path));
  if (info !== undefined) yield* walkEntry(root, path, info);
}

async function* walkEntry(root: string, path: string, entry: Kinds): AsyncGenerator<TreeEntry> {
  if (!entry.isDirectory) {
    yield { path, kind: entry.isSymlink ? "link" : "file" };
    return;
  }
  const inside = await entriesOf(join(root, path));
  yield { path, kind: inside === undefined ? "closed" : "folder" };
  for (const each of inside ?? []) {
    if (each.name === ".git") continue;
    yield* walkEntry(root, path === "." ? each.name : `${path}/${each.name}`, each);
  }
}

interface Kinds {
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** `undefined` for a folder that may not be read. */
async function entriesOf(folder: string): Promise<Deno.DirEntry[] | undefined> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (isAbsence(error)) return [];
    if (error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}
