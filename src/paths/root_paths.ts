/**
 * Paths relative to the root of a dataset, normalised, with `/`; `.` is the root itself.
 *
 * @module
 */

/**
 * Whether a path is this folder or lies in it: both relative to the root, or both absolute with links
 * resolved.
 */
export function isWithin(folder: string, path: string): boolean {
  return folder === "." || path === folder || path.startsWith(`${folder}/`);
}

/** Whether a path relative to the root of a dataset lies in the work tree. */
export function isInside(path: string): boolean {
  return path !== ".." && !path.startsWith("../") && !path.split("/").includes(".git");
}

/** Whether a path of a record, whoever wrote that, can be one in the work tree: git refuses all others. */
export function canBeInside(path: string): boolean {
  if (path === "" || path.startsWith("/") || path.includes("\0")) return false;
  let depth = 0;
  for (const name of path.split("/")) {
    if (name === "..") depth--;
    else if (name !== "" && name !== ".") depth++;
    if (depth < 0) return false;
  }
  return isInside(path);
}

/**
 * What `path` is relative to `folder`: the rest of the path for one inside, `.` for the folder itself and
 * what is around it, `undefined` for one beside it.
 */
export function pathRelativeTo(folder: string, path: string): string | undefined {
  if (folder === "." || path === folder) return folder === "." ? path : ".";
  if (path.startsWith(`${folder}/`)) return path.slice(folder.length + 1);
  return path === "." || folder.startsWith(`${path}/`) ? "." : undefined;
}

/** The path of `inner`, relative to the dataset at `outer`, relative to where `outer` is. */
export function joinPath(outer: string, inner: string): string {
  return outer === "." ? inner : inner === "." ? outer : `${outer}/${inner}`;
}

/** The folders around a path, the root left out, from the inside: of `a/b/c` `a/b` and `a`. */
export function* foldersAround(path: string): Generator<string> {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    yield path.slice(0, end);
  }
}

/** A path and the folders around it, the root left out, from the inside: of `a/b` `a/b` and `a`. */
export function* pathAndFoldersAround(path: string): Generator<string> {
  yield path;
  yield* foldersAround(path);
}
