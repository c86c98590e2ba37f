import { basename, dirname, isAbsolute, join, relative } from "node:path";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { isInside, pathAndFoldersAround } from "../paths/root_paths.ts";
import { lookIfThere, targetOf } from "./look_if_there.ts";

/** As many as the kernel follows: path_resolution(7). */
const MOST_LINKS = 40;

/** Where paths of a dataset lead by links; links of git-annex are files, and are not followed. */
export class LinkedPaths {
  readonly #root: string;
  readonly #folders = new Map<string, string | undefined>([[".", "."]]);

  /** Looks at nothing yet; `root` is absolute, links resolved. */
  constructor(root: string) {
    this.#root = root;
  }

  /** A path with the links to folders on the way to it followed; as it is where one leads out of the dataset. */
  placeOf(path: string): string {
    const folder = this.#folderAt(dirname(path), 0);
    return folder === undefined ? path : join(folder, basename(path));
  }

  /**
   * Where the link at a path leads in the dataset, whether something is there or not.
   *
   * @returns relative to the root; `undefined` out of the dataset, into a `.git` folder, or in a circle.
   */
  follow(path: string, target: string): string | undefined {
    const folder = this.#folderAt(dirname(path), 0);
    // A link that lies elsewhere leads on from there.
    return folder === undefined ? undefined : this.#follow(join(folder, basename(path)), target, 0);
  }

  #folderAt(folder: string, links: number): string | undefined {
    if (this.#folders.has(folder)) return this.#folders.get(folder);
    const parent = this.#folderAt(dirname(folder), links);
    const real = parent && this.#step(join(parent, basename(folder)), links);
    this.#folders.set(folder, real);
    return real;
  }

  /** What is at a path in a real folder; that itself, or where it leads. */
  #step(path: string, links: number): string | undefined {
    const file = join(this.#root, path);
    const isLink = lookIfThere(() => Deno.lstatSync(file))?.isSymlink === true;
    const target = isLink ? targetOf(file) : undefined;
    return target === undefined || isAnnexLink(target)
      ? path
      : this.#follow(path, target, links + 1);
  }

  #follow(path: string, target: string, links: number): string | undefined {
    if (links > MOST_LINKS) return undefined;
    const inRoot = isAbsolute(target) ? relative(this.#root, target) : target;
    if (isAbsolute(target) && !isInside(inRoot)) return undefined;
    let at: string | undefined = isAbsolute(target) ? "." : dirname(path);
    for (const name of inRoot.split("/")) {
      if (name === "" || name === ".") continue;
      if (name === ".git" || name === ".." && at === ".") return undefined;
      at = name === ".." ? dirname(at) : this.#step(join(at, name), links);
      if (at === undefined) return undefined;
    }
    return at;
  }
}

/**
 * The files that a path needs in a dataset: the links on the way to it and at its end, and the file that these lead to.
 *
 * @param root absolute, links resolved.
 */
export function filesBehind(root: string, path: string): string[] {
  const paths = new LinkedPaths(root);
  const links = [...pathAndFoldersAround(path)].filter((each) =>
    lookIfThere(() => Deno.lstatSync(join(root, each)))?.isSymlink === true
  );
  const places = links.map((link) => paths.placeOf(link));
  const place = paths.placeOf(path);
  const target = links.includes(path) ? targetOf(join(root, path)) : undefined;
  const isLink = target !== undefined && !isAnnexLink(target);
  const real = isLink ? paths.follow(path, target) : place;
  return [...new Set([...places.toReversed(), ...(real === undefined ? [] : [real])])];
}
