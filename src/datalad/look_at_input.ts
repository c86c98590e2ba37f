import { join } from "node:path";
import { isAnnexLink, LONGEST_POINTER_BYTES, POINTER_START } from "../annex/annexed_files.ts";
import { annexKeyOf, sizeOfKey } from "../annex/annex_key.ts";
import { isAbsence } from "../fs/if_present.ts";
import { blobOid } from "../git/blob_oid.ts";
import type { CommitTree } from "../git/commit_tree.ts";
import type { FileTraits, NotedInput } from "../jobs/noted_evidence.ts";

/** What files are compared with. */
export interface InputView {
  /** Root of the dataset, absolute. */
  readonly root: string;
  /** HEAD. */
  readonly head: CommitTree;
  /** Any object name of the repository. */
  readonly headOid: string;
}

/**
 * Looks at one file that a job is to read; a link that is not the annex's is followed.
 *
 * @param path relative to the root.
 * @param room how many bytes may be read to name the content; a larger file is told by size and time.
 */
export async function lookAtInput(
  view: InputView,
  path: string,
  room: number,
): Promise<NotedInput & { readonly read?: number }> {
  const file = join(view.root, path);
  const own = lookIfThere(() => Deno.lstatSync(file));
  const link = own?.isSymlink ? targetOf(file) : undefined;
  if (link !== undefined && isAnnexLink(link)) {
    const key = annexKeyOf(link)!;
    const isOther = view.head.find(path) && keyInHead(view, path) !== key;
    return { path, key, ...(isOther ? { modified: true } : {}) };
  }
  const info = own?.isSymlink ? lookIfThere(() => Deno.statSync(file)) : own;
  if (info === undefined) return { path, missing: true };
  const traits = traitsOf(info);
  const told = { size: traits.size, mtime: new Date(traits.mtimeMs).toISOString() };
  // Behind a link there is another file: what HEAD has of that one is not looked for.
  const entry = own?.isSymlink ? null : view.head.find(path);
  if (!info.isFile) return { path, ...told, traits };
  const content = traits.size <= room ? lookIfThere(() => Deno.readFileSync(file)) : undefined;
  const read = content?.length ?? 0;
  const blob = content && await blobOid(content, view.headOid);
  const pointer = content && pointerIn(content);
  if (pointer !== undefined) return { path, key: pointer, traits, read };
  if (blob !== undefined && (entry === undefined || entry?.oid === blob)) {
    return { path, blob, traits, read };
  }
  // The key's own size tells a changed file from the annexed one: no more is read of its content.
  const key = entry ? keyInHead(view, path) : undefined;
  if (key !== undefined && sizeOfKey(key) === traits.size) return { path, key, traits, read };
  const isModified = key !== undefined || (entry && blob !== undefined);
  return {
    path,
    ...(blob === undefined ? {} : { blob }),
    ...told,
    ...(isModified ? { modified: true } : {}),
    traits,
    read,
  };
}

/** What tells a file from itself after a change. */
export function traitsOf({ size, mtime, ino }: Deno.FileInfo): FileTraits {
  return { size, mtimeMs: mtime?.getTime() ?? 0, ino: ino ?? 0 };
}

/** What a look at a file gives; `undefined` where nothing is, or nothing can be seen. */
export function lookIfThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (isAbsence(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
    if (error instanceof Deno.errors.FilesystemLoop) return undefined;
    throw error;
  }
}

/** `undefined` for a target that is no text: it is none of git-annex. */
export function targetOf(link: string): string | undefined {
  try {
    return Deno.readLinkSync(link);
  } catch (error) {
    if (error instanceof Deno.errors.InvalidData || isAbsence(error)) return undefined;
    throw error;
  }
}

/** The key that a file names which stands for content that is not here. */
function pointerIn(content: Uint8Array): string | undefined {
  if (content.length > LONGEST_POINTER_BYTES) return undefined;
  const text = new TextDecoder().decode(content);
  return text.startsWith(POINTER_START) ? annexKeyOf(text) : undefined;
}

function keyInHead({ head }: InputView, path: string): string | undefined {
  const text = head.textOf(path);
  if (text === undefined) return undefined;
  return isAnnexLink(text) || text.startsWith(POINTER_START) ? annexKeyOf(text) : undefined;
}
