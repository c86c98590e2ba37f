import { join } from "node:path";
import { isAnnexLink, LONGEST_POINTER_BYTES, POINTER_START } from "../annex/annexed_files.ts";
import { annexKeyOf } from "../annex/annex_key.ts";
import { blobOid } from "../git/blob_oid.ts";
import type { FileTraits, NotedInput } from "../jobs/noted_evidence.ts";
import { isVersionOfHead, keyInHead } from "./compare_with_head.ts";
import type { InputView } from "./compare_with_head.ts";
import { LinkedPaths } from "./linked_paths.ts";
import { lookIfThere, targetOf } from "./look_if_there.ts";

/**
 * Looks at one file that a job is to read. A link that is not the annex's is followed: what it leads to in the dataset
 * is what is told, with the path of that.
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
  const real = link === undefined ? undefined : new LinkedPaths(view.root).follow(path, link);
  if (real !== undefined && real !== path) return await lookAtInput(view, real, room);
  const info = own?.isSymlink ? lookIfThere(() => Deno.statSync(file)) : own;
  if (info === undefined) return { path, missing: true };
  const told = { size: info.size, mtime: new Date(info.mtime ?? 0).toISOString() };
  // A folder has no size of its own.
  if (!info.isFile) return { path, traits: traitsOf(info) };
  const content = info.size <= room ? lookIfThere(() => Deno.readFileSync(file)) : undefined;
  const blob = content && await blobOid(content, view.headOid);
  const looked = {
    traits: { ...traitsOf(info), ...(blob === undefined ? {} : { raw: blob }) },
    read: content?.length ?? 0,
  };
  const pointer = content && pointerIn(content);
  if (pointer !== undefined) return { path, key: pointer, ...looked };
  // Behind a link out of the dataset there is a file that HEAD has not.
  const entry = own?.isSymlink ? null : view.head.find(path);
  if (entry === undefined && blob !== undefined) return { path, blob, ...looked };
  const isSame = entry
    ? await isVersionOfHead(view, path, entry.oid, { size: info.size, content, blob, info })
    : entry === null
    ? false
    : undefined;
  if (isSame === true) {
    const key = keyInHead(view, path);
    return { path, ...(key === undefined ? { blob: entry!.oid } : { key }), ...looked };
  }
  return {
    path,
    // Which of two names it has in git is not known.
    ...(blob === undefined || isSame === undefined ? {} : { blob }),
    ...told,
    ...(isSame === false && entry !== null ? { modified: true } : {}),
    ...looked,
  };
}

/** What tells a file from itself after a change. */
export function traitsOf({ size, mtime, ino }: Deno.FileInfo): FileTraits {
  return { size, mtimeMs: mtime?.getTime() ?? 0, ino: ino ?? 0 };
}

/** The key that a file names which stands for content that is not here. */
export function pointerIn(content: Uint8Array): string | undefined {
  if (content.length > LONGEST_POINTER_BYTES) return undefined;
  const text = new TextDecoder().decode(content);
  return text.startsWith(POINTER_START) ? annexKeyOf(text) : undefined;
}
