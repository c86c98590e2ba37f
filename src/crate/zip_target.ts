import { Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { UserError } from "../errors.ts";
import type { CrateTarget } from "./crate_target.ts";
import { writeAll } from "./crate_target.ts";

/** What fits into a .zip without the extension for large ones, which fflate does not write. */
const MOST_BYTES = 0xffff_ffff;
const MOST_FILES = 0xffff;

/** Endings of what does not become smaller. */
const PACKED = /\.(gz|bz2|xz|zst|zip|7z|png|jpe?g|h5|hdf5|sif|simg)$/i;

/** Packs a crate's files as they come, with a file's piece in memory at a time. */
export class ZipTarget implements CrateTarget {
  readonly #file: Deno.FsFile;
  readonly #zip: Zip;
  readonly #name: string;
  readonly #mtime: Date;
  #entry: ZipDeflate | ZipPassThrough | undefined;
  #written = 0;
  #given = 0;

  /**
   * Makes the archive.
   *
   * @param path where it is written.
   * @param name what errors call it.
   * @param mtime the time that all files in it have.
   */
  constructor(path: string, name: string, mtime: Date) {
    this.#file = Deno.openSync(path, { write: true, createNew: true });
    this.#name = name;
    this.#mtime = mtime;
    this.#zip = new Zip((error, bytes) => {
      if (error !== null) throw error;
      this.#written += bytes.length;
      if (this.#written > MOST_BYTES) throw tooLarge(this.#name);
      writeAll(this.#file, bytes);
    });
  }

  begin(place: string): void {
    this.#given = 0;
    this.#entry = PACKED.test(place) ? new ZipPassThrough(place) : new ZipDeflate(place);
    this.#entry.mtime = this.#mtime;
    this.#zip.add(this.#entry);
  }

  write(bytes: Uint8Array): void {
    this.#given += bytes.length;
    if (this.#given > MOST_BYTES) throw tooLarge(this.#name);
    // fflate keeps what it is given for a while.
    this.#entry!.push(bytes.slice());
  }

  end(): void {
    this.#entry!.push(new Uint8Array(0), true);
    this.#entry = undefined;
  }

  close(): void {
    try {
      // Of an archive that is given up the end is missing.
      if (this.#entry === undefined) this.#zip.end();
    } finally {
      this.#file.close();
    }
  }
}

/**
 * Checks that contents fit into a .zip, as far as their sizes are known.
 *
 * @throws {UserError} `LIMIT`
 */
export function requireFits(name: string, sizes: readonly number[]): void {
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.length >= MOST_FILES || bytes > MOST_BYTES) throw tooLarge(name);
}

function tooLarge(name: string): UserError {
  return new UserError(
    "LIMIT",
    `Cannot write a crate to "${name}": a .zip holds up to 4 GiB and 65,535 files, and these are more`,
    {
      unchanged: "Nothing was written",
      hint: "give the name of a folder, or of a .json for the description alone",
    },
  );
}
