import { join } from "node:path";
import { parseAnnexed } from "./annex_key.ts";
import { isAbsence, lstatIfPresent, statIfPresent } from "../fs/if_present.ts";

/** Whether a symbolic link with this target is an annexed file. */
export function isAnnexLink(target: string): boolean {
  const annexed = parseAnnexed(target);
  // A pointer's path stands for no place in a file system.
  return annexed !== undefined && (annexed.isInGitFolder || annexed.folders > 1);
}

/** Whether a file of which git keeps this blob is an annexed file, locked or unlocked. */
export function isAnnexed(blob: string): boolean {
  return blob.startsWith(POINTER_START) || isAnnexLink(blob.trimEnd());
}

/**
 * The target of the locked annexed file at `path`, absolute, whether its content is present or not;
 * `undefined` if something else is there.
 */
export async function annexLinkAt(path: string): Promise<string | undefined> {
  if ((await lstatIfPresent(path))?.isSymlink !== true) return undefined;
  const target = await targetOf(path);
  return target !== undefined && isAnnexLink(target) ? target : undefined;
}

/** `undefined` for a target that is no text: it is none of git-annex. */
async function targetOf(link: string): Promise<string | undefined> {
  try {
    return await Deno.readLink(link);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData || isAbsence(error)) return undefined;
    throw error;
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
    const isMissing = await annexLinkAt(full) !== undefined &&
      await statIfPresent(full) === undefined;
    if (isMissing) found.push(path);
  } else if (info?.isDirectory) {
    for await (const { name } of Deno.readDir(full)) {
      if (name !== ".git") await visitMissing(root, path === "." ? name : `${path}/${name}`, found);
    }
  } else if (info?.isFile && info.size <= LONGEST_POINTER_BYTES && beginsAsPointer(full)) {
    found.push(path);
  }
}

/** Whether a file begins as pointers do; throws where it may not be read. */
export function beginsAsPointer(file: string): boolean {
  using opened = Deno.openSync(file);
  const start = new Uint8Array(POINTER_START.length);
  opened.readSync(start);
  return new TextDecoder().decode(start) === POINTER_START;
}
