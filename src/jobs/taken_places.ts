import { foldersAround } from "../paths/root_paths.ts";

/**
 * Places that files take: nothing else can be at the same path, at a folder above it, or under it. A tree
 * with such a file cannot hold what was there, whoever removed that.
 */
export class TakenPlaces {
  readonly #files: ReadonlySet<string>;
  readonly #folders = new Set<string>();

  /** Takes the paths of files, relative to one root. */
  constructor(files: Iterable<string>) {
    this.#files = new Set(files);
    for (const file of this.#files) {
      for (const folder of foldersAround(file)) this.#folders.add(folder);
    }
  }

  /** Whether a file at `path` would be in the way of one of these. */
  isInTheWay(path: string): boolean {
    return this.#folders.has(path) || foldersAround(path).some((folder) => this.#files.has(folder));
  }
}
