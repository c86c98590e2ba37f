import { join } from "node:path";
import { lstatIfPresent, statIfPresent } from "../fs/if_present.ts";

/** A locked annexed file: a link into `.git/annex/objects` (git-annex, "internals"). */
export interface AnnexedFile {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** Whether its content is present. */
  readonly isPresent: boolean;
}

/** Whether a symbolic link with this target is an annexed file. */
export function isAnnexLink(target: string): boolean {
  return /(^|\/)\.git\/annex\/objects\//.test(target) ||
    /(^|\/)annex\/objects\/.+\/.+\//.test(target);
}

/** Finds the locked annexed files among `paths`, files or folders, those that exist. */
export async function findAnnexedFiles(
  root: string,
  paths: Iterable<string>,
): Promise<AnnexedFile[]> {
  const found: AnnexedFile[] = [];
  for (const path of paths) await visit(root, path, found);
  return found;
}

async function visit(root: string, path: string, found: AnnexedFile[]): Promise<void> {
  const full = join(root, path);
  const info = await lstatIfPresent(full);
  if (info === undefined) return;
  if (info.isSymlink) {
    if (!isAnnexLink(await Deno.readLink(full))) return;
    const content = await statIfPresent(full);
    found.push({ path, isPresent: content !== undefined });
  } else if (info.isDirectory) {
    for await (const entry of Deno.readDir(full)) {
      if (entry.name === ".git") continue;
      if (entry.isDirectory || entry.isSymlink) {
        await visit(root, path === "." ? entry.name : `${path}/${entry.name}`, found);
      }
    }
  }
}
