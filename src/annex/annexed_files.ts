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

/** Longer than any pointer: git-annex, "pointer file". */
export const LONGEST_POINTER_BYTES = 32_768;
/** What a pointer file begins with. */
export const POINTER_START = "/annex/objects/";

/** Finds the annexed files among `paths`, locked or unlocked, whose content is not present. */
export async function findMissingContents(
  root: string,
  paths: Iterable<string>,
): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) await visitMissing(root, path, found);
  return found;
}

async function visitMissing(root: string, path: string, found: string[]): Promise<void> {
  const full = join(root, path);
  const info = await lstatIfPresent(full);
  if (info?.isSymlink) {
    const isMissing = isAnnexLink(await Deno.readLink(full)) &&
      await statIfPresent(full) === undefined;
    if (isMissing) found.push(path);
  } else if (info?.isDirectory) {
    for await (const { name } of Deno.readDir(full)) {
      if (name !== ".git") await visitMissing(root, path === "." ? name : `${path}/${name}`, found);
    }
  } else if (info?.isFile && info.size <= LONGEST_POINTER_BYTES && await isPointer(full)) {
    found.push(path);
  }
}

async function isPointer(file: string): Promise<boolean> {
  using opened = await Deno.open(file);
  const start = new Uint8Array(POINTER_START.length);
  await opened.read(start);
  return new TextDecoder().decode(start) === POINTER_START;
}
