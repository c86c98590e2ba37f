import { join, resolve } from "node:path";
import { ifPresent, isAbsence, isThereSync } from "../fs/if_present.ts";
import { applyDelta, sizeOfDelta } from "./delta.ts";
import { inflate, inflateStart, TruncatedError } from "./inflate.ts";
import { PackFile } from "./pack_file.ts";

/** The kinds of objects that git keeps. */
export type ObjectKind = "commit" | "tree" | "blob" | "tag";

/** An object of git. */
export interface GitObject {
  /** What it is. */
  readonly kind: ObjectKind;
  /** Its content, without the header. */
  readonly content: Uint8Array;
}

/**
 * Reads objects out of a repository's files, as gitrepository-layout(5) and gitformat-pack(5) have them, so
 * that a look at HEAD needs no process. What it does not find or understand (a partial clone, a format of
 * tomorrow) it says: then git has to be asked. Contents are not checked against their names.
 */
export class ObjectReader implements Disposable {
  readonly #objects: string;
  #borrowed: readonly string[] | undefined;
  #packs: readonly PackFile[] | undefined;

  /**
   * Reads in a repository and in those that it borrows objects from.
   *
   * @param objects the folder of objects of a repository, absolute.
   */
  constructor(objects: string) {
    this.#objects = objects;
  }

  /** Where objects are: looked up only once one is not in the repository itself. */
  get #folders(): readonly string[] {
    return this.#borrowed ??= withAlternates(this.#objects);
  }

  /**
   * Reads an object.
   *
   * @param most blobs that are larger are not read.
   * @returns `undefined` for one that cannot be read here.
   */
  read(oid: string, most = Infinity): GitObject | undefined {
    try {
      return this.#readLoose(oid, most) ?? this.#readPacked(oid, most);
    } catch (error) {
      // Damaged, of an unknown format, or closed to us: git finds the words for it, if it matters.
      if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
      if (error instanceof TruncatedError) return undefined;
      if (isAbsence(error) || error instanceof Deno.errors.PermissionDenied) return undefined;
      throw error;
    }
  }

  /** Closes the files that are open. */
  [Symbol.dispose](): void {
    for (const pack of this.#packs ?? []) pack[Symbol.dispose]();
    this.#packs = undefined;
  }

  #readLoose(oid: string, most: number): GitObject | undefined {
    for (const bytes of this.#looseFiles(oid)) {
      // gitformat-loose(5): "kind size NUL content". What is small is inflated once.
      const whole = bytes.length <= SMALL ? inflate(bytes) : undefined;
      const beginning = (whole ?? inflateStart(bytes)).subarray(0, LONGEST_HEADER);
      const header = new TextDecoder().decode(beginning);
      const [, kind, size] = /^(commit|tree|blob|tag) ([0-9]+)\0/.exec(header) ?? [];
      if (kind === undefined) throw new SyntaxError("it is no object");
      if (kind === "blob" && Number(size) > most) return undefined;
      const start = `${kind} ${size}\0`.length;
      return { kind: kind as ObjectKind, content: (whole ?? inflate(bytes)).subarray(start) };
    }
    return undefined;
  }

  *#looseFiles(oid: string): Generator<Uint8Array> {
    const name = join(oid.slice(0, 2), oid.slice(2));
    const own = readIfPresent(join(this.#objects, name));
    if (own !== undefined) return yield own;
    for (const folder of this.#folders.slice(1)) {
      const bytes = readIfPresent(join(folder, name));
      if (bytes !== undefined) yield bytes;
    }
  }

  #readPacked(oid: string, most: number): GitObject | undefined {
    this.#packs ??= this.#folders.flatMap((folder) => packsIn(join(folder, "pack")));
    for (const pack of this.#packs) {
      const offset = pack.find(oid);
      if (offset !== undefined) return this.#readAt(pack, offset, most);
    }
    return undefined;
  }

  #readAt(pack: PackFile, offset: number, most: number): GitObject | undefined {
    const entry = pack.read(offset);
    if (entry.kind !== "delta") {
      if (entry.kind === "blob" && entry.size > most) return undefined;
      return { kind: entry.kind, content: pack.inflate(entry) };
    }
    const delta = pack.inflate(entry);
    if (sizeOfDelta(delta) > Math.max(most, LARGEST_TREE)) return undefined;
    const base = typeof entry.base === "number"
      ? this.#readAt(pack, entry.base, Infinity)
      : this.read(entry.base);
    return base && { kind: base.kind, content: applyDelta(base.content, delta) };
  }
}

const LONGEST_HEADER = 32;
/** Bytes of a compressed object; whole it has at most 1,032 times as many, RFC 1951. */
const SMALL = 4_096;
/** Larger ones are of folders with a million files. */
const LARGEST_TREE = 64 * 1024 * 1024;

function packsIn(folder: string): PackFile[] {
  return ifPresent(() =>
    [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".idx"))
      .map(({ name }) => new PackFile(join(folder, name.slice(0, -".idx".length))))
  ) ?? [];
}

/** gitrepository-layout(5), objects/info/alternates: git follows them five deep. */
function withAlternates(objects: string, depth = 0): string[] {
  const text = readIfPresent(join(objects, "info", "alternates"));
  if (text === undefined || depth > 5) return [objects];
  const others = new TextDecoder().decode(text).split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => resolve(objects, line));
  return [objects, ...others.flatMap((other) => withAlternates(other, depth + 1))];
}

function readIfPresent(path: string): Uint8Array | undefined {
  // Looked at first: opening one that is not there takes the runtime two looks.
  return isThereSync(path) ? ifPresent(() => Deno.readFileSync(path)) : undefined;
}
