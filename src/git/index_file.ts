/**
 * The index, read without a process: gitformat-index(5), versions 2 to 4. It tells what git knows of files without
 * reading them: which version it took a file for when it looked last, and what the file was like then.
 *
 * @module
 */

import { encodePath } from "./path_bytes.ts";

/** What the index has at a path. */
export interface IndexEntry {
  /** A blob, or the commit of a submodule. */
  readonly oid: string;
  /** What the file was like when git looked last. */
  readonly stat: IndexStat;
}

/** What lstat(2) said of it, each number modulo 2^32. */
export interface IndexStat {
  /** When its metadata changed, seconds since 1970. */
  readonly ctime: number;
  /** When its content changed, seconds since 1970. */
  readonly mtime: number;
  /** The nanoseconds of that. */
  readonly mtimeNs: number;
  /** The number of its inode. */
  readonly ino: number;
  /** Bytes. */
  readonly size: number;
}

/** What tells whether a file is the one that git has looked at. */
export type SeenFile = Pick<Deno.FileInfo, "size" | "mtime" | "ctime" | "ino" | "isFile">;

/** `DIRC`. */
const SIGNATURE = 0x44495243;
/** Signature, version and number of entries. */
const HEADER_BYTES = 12;
/** Ten numbers of four bytes in front of the object's name. */
const STAT_BYTES = 40;
const OID_BYTES: Readonly<Record<number, number>> = { 40: 20, 64: 32 };
/** The length of a name as far as it fits; then a NUL ends it. */
const LENGTH_MASK = 0x0fff;
const STAGE_MASK = 0x3000;
const EXTENDED = 0x4000;
const EXTENDED_HIGH = EXTENDED >>> 8;
/** Of the flags behind those: what is to be added, and has no content yet. */
const INTENT_TO_ADD = 0x2000;
const EMPTY_BLOBS = [
  "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
  "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
];

/** The entries of an index file, which is read when the first one is asked for. */
export class IndexFile {
  readonly #path: string;
  readonly #oidBytes: number;
  readonly #most: number;
  #content: Content | null | undefined;

  /**
   * Reads nothing yet.
   *
   * @param likeOid any object name of the repository.
   * @param most a larger file is not read: it tells nothing.
   */
  constructor(path: string, likeOid: string, most = Infinity) {
    this.#path = path;
    this.#oidBytes = OID_BYTES[likeOid.length]!;
    this.#most = most;
  }

  /**
   * The version that git takes a file for without reading it.
   *
   * @param path relative to the root of the work tree.
   * @param info of the file itself, no link followed.
   * @returns its blob; `undefined` where git has to read it: it is not tracked, or was perhaps written since.
   */
  versionOf(path: string, info: SeenFile): string | undefined {
    this.#content ??= this.#read() ?? null;
    if (this.#content === null || !info.isFile) return undefined;
    const entry = this.#content.find(encodePath(path));
    const isKnown = entry !== undefined && isUntouched(entry, info, this.#content.writtenMs);
    return isKnown ? entry.oid : undefined;
  }

  #read(): Content | undefined {
    try {
      // Were it replaced between the two, its time would be too old: less is believed then.
      const info = Deno.statSync(this.#path);
      if (info.mtime === null || info.size > this.#most) return undefined;
      return Content.parse(Deno.readFileSync(this.#path), this.#oidBytes, info.mtime.getTime());
    } catch (error) {
      // Damaged, or not for us: git finds the words for it, if it matters.
      if (error instanceof RangeError) return undefined;
      if (error instanceof Deno.errors.NotFound) return undefined;
      if (error instanceof Deno.errors.PermissionDenied) return undefined;
      throw error;
    }
  }
}

/** Whether nobody can have written a file since git has looked at it. */
function isUntouched({ oid, stat }: IndexEntry, info: SeenFile, writtenMs: number): boolean {
  const { mtime, ctime } = info;
  if (mtime === null) return false;
  // Of what it has not compared git forgets the size.
  if (stat.size === 0 && !EMPTY_BLOBS.includes(oid)) return false;
  if (stat.size !== info.size % 2 ** 32) return false;
  if (stat.ino !== 0 && info.ino !== null && stat.ino !== info.ino % 2 ** 32) return false;
  if (stat.ctime !== 0 && ctime && stat.ctime !== toSeconds(ctime.getTime())) return false;
  // A git may keep no more than seconds.
  const isFine = stat.mtimeNs !== 0;
  const seenMs = stat.mtime * 1_000 + Math.floor(stat.mtimeNs / 1_000_000);
  const [now, written] = isFine
    ? [mtime.getTime(), writtenMs]
    : [toSeconds(mtime.getTime()) * 1_000, toSeconds(writtenMs) * 1_000];
  // What was written in the moment in which the index was, may have been so after the look ("racy git").
  return seenMs === now && seenMs < written;
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

/** A file's bytes, with the places of its entries, which are sorted by name. */
class Content {
  /** When the file was written, in milliseconds since 1970. */
  readonly writtenMs: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** From the beginning of an entry to its flags. */
  readonly #flagsAt: number;
  /** Where each entry begins. */
  readonly #places: Int32Array;
  /** The names, where they are shortened by what each has in common with the one before. */
  readonly #names: Uint8Array[] | undefined;

  private constructor(bytes: Uint8Array, oidBytes: number, writtenMs: number) {
    this.writtenMs = writtenMs;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#flagsAt = STAT_BYTES + oidBytes;
    this.#places = new Int32Array(Math.min(this.#view.getUint32(8), bytes.length));
    this.#names = this.#view.getUint32(4) === 4 ? [] : undefined;
  }

  /**
   * Takes an index apart.
   *
   * @returns `undefined` for one that is not understood.
   * @throws {RangeError} If it is damaged.
   */
  static parse(bytes: Uint8Array, oidBytes: number, writtenMs: number): Content | undefined {
    const content = new Content(bytes, oidBytes, writtenMs);
    const [signature, version] = [content.#view.getUint32(0), content.#view.getUint32(4)];
    if (signature !== SIGNATURE || ![2, 3, 4].includes(version)) return undefined;
    const end = version === 4 ? content.#readShortened() : content.#readWhole();
    return hasOnlyOptional(content.#view, end, bytes.length - oidBytes) ? content : undefined;
  }

  /** Versions 2 and 3; returns where the entries end. Of a hundred thousand each step counts. */
  #readWhole(): number {
    const [bytes, places, flagsAt] = [this.#bytes, this.#places, this.#flagsAt] as const;
    let at = HEADER_BYTES;
    for (let index = 0; index < places.length; index++) {
      places[index] = at;
      const high = bytes[at + flagsAt]!;
      const length = (high & 0x0f) * 256 + bytes[at + flagsAt + 1]!;
      const start = at + flagsAt + ((high & EXTENDED_HIGH) === 0 ? 2 : 4);
      const end = length < LENGTH_MASK ? start + length : endOfName(bytes, start);
      // One to eight NULs fill an entry up to a multiple of eight bytes.
      at += (end - at + 8) & ~7;
    }
    return at;
  }

  /** Version 4. */
  #readShortened(): number {
    let at = HEADER_BYTES;
    let before: Uint8Array = new Uint8Array();
    for (let index = 0; index < this.#places.length; index++) {
      this.#places[index] = at;
      const [dropped, start] = readOffset(this.#bytes, this.#nameAt(at));
      if (dropped > before.length) throw new RangeError("there is no such name");
      const end = endOfName(this.#bytes, start);
      const kept = before.subarray(0, before.length - dropped);
      before = new Uint8Array(kept.length + end - start);
      before.set(kept);
      before.set(this.#bytes.subarray(start, end), kept.length);
      this.#names!.push(before);
      at = end + 1;
    }
    return at;
  }

  #flags(at: number): number {
    return this.#view.getUint16(at + this.#flagsAt);
  }

  #nameAt(at: number): number {
    return at + this.#flagsAt + ((this.#flags(at) & EXTENDED) === 0 ? 2 : 4);
  }

  #nameOf(index: number): Uint8Array {
    if (this.#names !== undefined) return this.#names[index]!;
    const start = this.#nameAt(this.#places[index]!);
    return this.#bytes.subarray(start, endOfName(this.#bytes, start));
  }

  find(path: Uint8Array): IndexEntry | undefined {
    let [low, high] = [0, this.#places.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes(this.#nameOf(middle), path) < 0) low = middle + 1;
      else high = middle;
    }
    const at = this.#places[low];
    if (at === undefined || compareBytes(this.#nameOf(low), path) !== 0) return undefined;
    const flags = this.#flags(at);
    const isIntended = (flags & EXTENDED) !== 0 && (this.#flags(at + 2) & INTENT_TO_ADD) !== 0;
    return (flags & STAGE_MASK) !== 0 || isIntended ? undefined : this.#entryAt(at);
  }

  #entryAt(at: number): IndexEntry {
    const number = (index: number) => this.#view.getUint32(at + index * 4);
    return {
      oid: this.#bytes.subarray(at + STAT_BYTES, at + this.#flagsAt).toHex(),
      stat: {
        ...{ ctime: number(0), mtime: number(2), mtimeNs: number(3) },
        ...{ ino: number(5), size: number(9) },
      },
    };
  }
}

/** A number as in the offsets of packs, gitformat-pack(5), and where it ends. */
function readOffset(bytes: Uint8Array, at: number): [value: number, end: number] {
  let byte = bytes[at++]!;
  let value = byte & 0x7f;
  while ((byte & 0x80) !== 0) {
    byte = bytes[at++]!;
    value = (value + 1) * 128 + (byte & 0x7f);
  }
  return [value, at];
}

function endOfName(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(0, at);
  if (end < 0) throw new RangeError("a name does not end");
  return end;
}

/** Whether no extension behind the entries changes what they mean: those that must be understood have small letters. */
function hasOnlyOptional(view: DataView, start: number, end: number): boolean {
  let at = start;
  while (at + 8 <= end) {
    const first = view.getUint8(at);
    if (first < 0x41 || first > 0x5a) return false;
    at += 8 + view.getUint32(at + 4);
  }
  return at === end;
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    if (one[at] !== other[at]) return one[at]! - other[at]!;
  }
  return one.length - other.length;
}
