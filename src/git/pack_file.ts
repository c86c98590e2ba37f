import { inflate, TruncatedError } from "./inflate.ts";

const IDX_V2 = 0xff744f63;
const FANOUT = 256;
/** gitformat-pack(5), "Object types". */
const KINDS = [undefined, "commit", "tree", "blob", "tag", undefined, "offset", "oid"] as const;
/** Longer than the header of any entry. */
const HEADER_BYTES = 64;

/** An object as a pack has it: whole, or as a delta of another one. */
export interface PackEntry {
  /** What it is. */
  readonly kind: "commit" | "tree" | "blob" | "tag" | "delta";
  /** Of what is compressed, in bytes. */
  readonly size: number;
  /** Where that begins in the pack. */
  readonly start: number;
  /** Of a delta: where the other object begins in the same pack, or its name. */
  readonly base: number | string;
}

/** A pack and its index, gitformat-pack(5); files are opened when they are needed, and read in places. */
export class PackFile implements Disposable {
  readonly #path: string;
  #index: PlacesOf | undefined;
  #pack: PlacesOf | undefined;
  #digits = 0;

  /**
   * Opens nothing yet.
   *
   * @param path without `.idx` and `.pack`, absolute.
   */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Where an object begins in the pack; `undefined` if it is not in it.
   *
   * @throws {SyntaxError} If the index is of another version.
   */
  find(oid: string): number | undefined {
    this.#index ??= new PlacesOf(`${this.#path}.idx`);
    this.#digits = oid.length;
    const header = this.#index.view(0, 8 + 4 * FANOUT);
    if (header.getUint32(0) !== IDX_V2 || header.getUint32(4) !== 2) {
      throw new SyntaxError("it is an index of another version");
    }
    const first = parseInt(oid.slice(0, 2), 16);
    const from = first === 0 ? 0 : header.getUint32(8 + 4 * (first - 1));
    const to = header.getUint32(8 + 4 * first);
    const all = header.getUint32(8 + 4 * (FANOUT - 1));
    const width = oid.length / 2;
    const names = 8 + 4 * FANOUT;
    const bucket = this.#index.bytes(names + from * width, (to - from) * width);
    const at = search(bucket, Uint8Array.fromHex(oid));
    if (at === undefined) return undefined;
    const offsets = names + all * (width + 4);
    const offset = this.#index.view(offsets + 4 * (from + at), 4).getUint32(0);
    if (offset < 0x80000000) return offset;
    const large = this.#index.view(offsets + 4 * all + 8 * (offset - 0x80000000), 8);
    return Number(large.getBigUint64(0));
  }

  /** Reads what an entry says of itself. */
  read(offset: number): PackEntry {
    this.#pack ??= new PlacesOf(`${this.#path}.pack`);
    const bytes = this.#pack.bytes(offset, HEADER_BYTES);
    let at = 0;
    const kind = KINDS[bytes[at]! >> 4 & 7];
    let size = bytes[at]! & 0x0f;
    for (let factor = 16; bytes[at++]! & 0x80; factor *= 128) size += (bytes[at]! & 0x7f) * factor;
    if (kind === undefined) throw new SyntaxError("it is an object of an unknown kind");
    if (kind === "oid") {
      const width = this.#digits / 2;
      const base = bytes.subarray(at, at + width).toHex();
      return { kind: "delta", size, start: offset + at + width, base };
    }
    if (kind !== "offset") return { kind, size, start: offset + at, base: "" };
    let distance = bytes[at]! & 0x7f;
    while (bytes[at++]! & 0x80) distance = (distance + 1) * 128 + (bytes[at]! & 0x7f);
    return { kind: "delta", size, start: offset + at, base: offset - distance };
  }

  /** Reads the content of an entry. */
  inflate({ start, size }: PackEntry): Uint8Array {
    const pack = this.#pack!;
    // Compressed it is hardly longer; if it is, more is read.
    for (let length = size + HEADER_BYTES;; length *= 2) {
      const bytes = pack.bytes(start, length);
      try {
        const content = inflate(bytes, size);
        if (content.length !== size) throw new SyntaxError("it is shorter than it says");
        return content;
      } catch (error) {
        if (!(error instanceof TruncatedError)) throw error;
        if (bytes.length < length) throw new SyntaxError("the pack ends too early");
      }
    }
  }

  /** Closes both files. */
  [Symbol.dispose](): void {
    this.#index?.[Symbol.dispose]();
    this.#pack?.[Symbol.dispose]();
    this.#index = this.#pack = undefined;
  }
}

/** So much is read at once: entries that belong together lie together. */
const BLOCK_BYTES = 65_536;
/** More of one file is not remembered. */
const MOST_BLOCKS = 256;

/** A file of which some places are read. */
class PlacesOf implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #blocks = new Map<number, Uint8Array>();

  constructor(path: string) {
    this.#file = Deno.openSync(path);
  }

  /** Fewer than `length` bytes where the file ends before. */
  bytes(start: number, length: number): Uint8Array {
    const first = Math.floor(start / BLOCK_BYTES);
    const last = Math.floor((start + Math.max(length, 1) - 1) / BLOCK_BYTES);
    const within = start - first * BLOCK_BYTES;
    if (first === last) return this.#block(first).subarray(within, within + length);
    const all = new Uint8Array(length);
    let filled = 0;
    for (let block = first; block <= last; block++) {
      const bytes = this.#block(block);
      const own = bytes.subarray(block === first ? within : 0).subarray(0, length - filled);
      all.set(own, filled);
      filled += own.length;
      if (bytes.length < BLOCK_BYTES) break;
    }
    return all.subarray(0, filled);
  }

  view(start: number, length: number): DataView {
    const bytes = this.bytes(start, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #block(block: number): Uint8Array {
    const known = this.#blocks.get(block);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(BLOCK_BYTES);
    this.#file.seekSync(block * BLOCK_BYTES, Deno.SeekMode.Start);
    let length = 0;
    while (length < BLOCK_BYTES) {
      const read = this.#file.readSync(bytes.subarray(length));
      if (read === null) break;
      length += read;
    }
    if (this.#blocks.size >= MOST_BLOCKS) this.#blocks.clear();
    this.#blocks.set(block, bytes.subarray(0, length));
    return bytes.subarray(0, length);
  }
}

/** The place of a name among sorted ones of its length. */
function search(names: Uint8Array, name: Uint8Array): number | undefined {
  const width = name.length;
  let low = 0;
  let high = names.length / width - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(names.subarray(middle * width, (middle + 1) * width), name);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

function compare(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return one[at]! - other[at]!;
  return 0;
}
