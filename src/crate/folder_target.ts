import { dirname, join } from "node:path";
import type { CrateTarget } from "./crate_target.ts";
import { writeAll } from "./crate_target.ts";

/** Writes a crate's files into a folder that it makes. */
export class FolderTarget implements CrateTarget {
  readonly #root: string;
  readonly #folders = new Set<string>();
  #file: Deno.FsFile | undefined;

  /** Makes the folder. */
  constructor(root: string) {
    this.#root = root;
    Deno.mkdirSync(root);
  }

  begin(place: string): void {
    const path = join(this.#root, place);
    const folder = dirname(path);
    if (!this.#folders.has(folder)) Deno.mkdirSync(folder, { recursive: true });
    this.#folders.add(folder);
    this.#file = Deno.openSync(path, { write: true, createNew: true });
  }

  write(bytes: Uint8Array): void {
    writeAll(this.#file!, bytes);
  }

  end(): void {
    this.#file!.close();
    this.#file = undefined;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Writes the metadata document alone. */
export class DocumentTarget implements CrateTarget {
  readonly #file: Deno.FsFile;

  /** Makes the file. */
  constructor(path: string) {
    this.#file = Deno.openSync(path, { write: true, createNew: true });
  }

  begin(): void {}

  write(bytes: Uint8Array): void {
    writeAll(this.#file, bytes);
  }

  end(): void {}

  close(): void {
    this.#file.close();
  }
}
