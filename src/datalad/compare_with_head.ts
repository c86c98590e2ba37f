import { isAnnexLink, POINTER_START } from "../annex/annexed_files.ts";
import { annexKeyOf, fileNameOfKey, sizeOfKey } from "../annex/annex_key.ts";
import { isContentOfKey } from "../annex/key_content.ts";
import { blobOid } from "../git/blob_oid.ts";
import type { CommitTree } from "../git/commit_tree.ts";
import type { IndexFile, SeenFile } from "../git/index_file.ts";

/** What files are compared with. */
export interface InputView {
  /** Root of the dataset, absolute. */
  readonly root: string;
  /** HEAD. */
  readonly head: CommitTree;
  /** Any object name of the repository. */
  readonly headOid: string;
  /** The work tree's own. */
  readonly index: IndexFile;
}

/** A file, as far as it was looked at. */
export interface LookedAt {
  /** Bytes. */
  readonly size: number;
  /** What was read of it: all or nothing. */
  readonly content: Uint8Array | undefined;
  /** Git's name for that, byte for byte. */
  readonly blob: string | undefined;
  /** Of the file at the path itself; absent where the content is from elsewhere. */
  readonly info?: SeenFile | undefined;
}

/**
 * Whether a file is the version that HEAD has at a path, as `git status` would say it: git may keep another text
 * than the file's (line endings, LFS), and of an annexed file a pointer.
 *
 * @param oid what HEAD has there.
 * @returns `undefined` where only git, or git-annex, could tell it.
 */
export async function isVersionOfHead(
  view: InputView,
  path: string,
  oid: string,
  file: LookedAt,
): Promise<boolean | undefined> {
  if (file.blob === oid) return true;
  const text = view.head.textOf(path);
  const isSame = await isContentOfPointer(text ?? "", file);
  if (isSame !== undefined) return isSame;
  const key = keyIn(text);
  const known = file.info && view.index.versionOf(path, file.info);
  if (known !== undefined) {
    // HEAD may have a link, where the index has the pointer of a file that was unlocked.
    return known === oid || key !== undefined && known === await pointerOid(key, oid);
  }
  if (file.content === undefined || key !== undefined) return undefined;
  const kept = convert(file.content);
  const mayBeSame = kept.length < file.size && await blobOid(kept, oid) === oid;
  return mayBeSame ? undefined : false;
}

/** Git's object name of the pointer that stands for an unlocked file. */
export async function pointerOid(key: string, likeOid: string): Promise<string> {
  return await blobOid(
    new TextEncoder().encode(`${POINTER_START}${fileNameOfKey(key)}\n`),
    likeOid,
  );
}

/** The key of an annexed file that HEAD has at a path. */
export function keyInHead({ head }: Pick<InputView, "head">, path: string): string | undefined {
  return keyIn(head.textOf(path));
}

function keyIn(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return isAnnexLink(text) || text.startsWith(POINTER_START) ? annexKeyOf(text) : undefined;
}

/** A pointer of Git LFS: its specification, "The Pointer". */
const LFS_REGEXP =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\nsize ([0-9]+)\n/;

/** `undefined` for a text that is no pointer, or that does not tell it. */
async function isContentOfPointer(
  text: string,
  { size, content }: LookedAt,
): Promise<boolean | undefined> {
  const [, sha256, lfsSize] = LFS_REGEXP.exec(text) ?? [];
  const key = sha256 === undefined ? keyIn(text) : `SHA256-s${lfsSize}--${sha256}`;
  if (key === undefined) return undefined;
  if (content !== undefined) return await isContentOfKey(key, content);
  return (sizeOfKey(key) ?? size) === size ? undefined : false;
}

const [CR, LF, DOLLAR] = [0x0d, 0x0a, 0x24] as [number, number, number];
const IDENT = new TextEncoder().encode("$Id:");

/** What git keeps of a text with its conversions, gitattributes(5): `eol` and `ident`. */
function convert(content: Uint8Array): Uint8Array {
  const kept = new Uint8Array(content.length);
  let length = 0;
  for (let at = 0; at < content.length; at++) {
    if (content[at] === CR && content[at + 1] === LF) continue;
    kept[length++] = content[at]!;
    if (content[at] !== DOLLAR || !IDENT.every((byte, index) => content[at + index] === byte)) {
      continue;
    }
    const end = content.indexOf(DOLLAR, at + 1);
    const line = content.indexOf(LF, at);
    if (end < 0 || line >= 0 && line < end) continue;
    kept.set(content.subarray(at + 1, at + 3), length);
    kept[length + 2] = DOLLAR;
    length += 3;
    at = end;
  }
  return kept.subarray(0, length);
}
