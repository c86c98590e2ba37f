import { ifPresent } from "./if_present.ts";

/**
 * Folders with all links resolved, each asked of the file system once.
 *
 * What was found stays found, though a folder may be replaced meanwhile; one that is not there is
 * looked for each time.
 */
export class RealFolders {
  readonly #known = new Map<string, string>();

  /** The real path of `folder`; `undefined` if there is none that can be reached. */
  find(folder: string): string | undefined {
    const known = this.#known.get(folder) ?? resolve(folder);
    if (known !== undefined) this.#known.set(folder, known);
    return known;
  }
}

/** Whether there is a file or a link at `path`; a folder is neither. */
export function isFileOrLink(path: string): boolean {
  const info = ifPresent(() => Deno.lstatSync(path));
  return info !== undefined && (info.isFile || info.isSymlink);
}

function resolve(folder: string): string | undefined {
  return ifPresent(() => Deno.realPathSync(folder));
}
