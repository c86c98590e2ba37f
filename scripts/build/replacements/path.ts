/**
 * Stands in for `node:path` in the built file: the runtime's own takes 8 ms to load there, this nothing.
 *
 * Same answers for POSIX paths; `tests/scripts/replacements_test.ts` holds both against each other. A
 * function that is not here makes the build fail.
 *
 * @module
 */

export const sep = "/";
export const delimiter = ":";

/** As `path.posix.isAbsolute`. */
export function isAbsolute(path: string): boolean {
  return path.startsWith("/");
}

/** As `path.posix.normalize`. */
export function normalize(path: string): string {
  if (path === "") return ".";
  const absolute = isAbsolute(path);
  let normal = resolveDots(path, absolute);
  if (normal === "" && !absolute) normal = ".";
  if (normal !== "" && path.endsWith("/")) normal += "/";
  return absolute ? `/${normal}` : normal;
}

/** As `path.posix.join`. */
export function join(...paths: string[]): string {
  return normalize(paths.filter((path) => path !== "").join("/"));
}

/** As `path.posix.resolve`. */
export function resolve(...paths: string[]): string {
  let whole = "";
  for (const path of [...paths].reverse()) {
    if (path === "") continue;
    whole = whole === "" ? path : `${path}/${whole}`;
    if (isAbsolute(whole)) break;
  }
  if (!isAbsolute(whole)) whole = `${Deno.cwd()}/${whole}`;
  return `/${resolveDots(whole, true)}`;
}

/** As `path.posix.relative`. */
export function relative(from: string, to: string): string {
  const fromParts = resolve(from).split("/").filter((part) => part !== "");
  const toParts = resolve(to).split("/").filter((part) => part !== "");
  let same = 0;
  while (same < fromParts.length && same < toParts.length && fromParts[same] === toParts[same]) {
    same++;
  }
  return [...fromParts.slice(same).map(() => ".."), ...toParts.slice(same)].join("/");
}

/** As `path.posix.dirname`. */
export function dirname(path: string): string {
  if (path === "") return ".";
  const end = endWithoutSlashes(path);
  const slash = path.lastIndexOf("/", end - 1);
  if (slash === -1) return ".";
  if (end === 0 || slash === 0) return "/";
  return slash === 1 && isAbsolute(path) ? "//" : path.slice(0, slash);
}

/** As `path.posix.basename`. */
export function basename(path: string, suffix = ""): string {
  if (path === suffix) return "";
  const end = endWithoutSlashes(path);
  const base = path.slice(path.lastIndexOf("/", end - 1) + 1, end);
  return base !== suffix && base.endsWith(suffix)
    ? base.slice(0, base.length - suffix.length)
    : base;
}

/** As `path.posix.extname`. */
export function extname(path: string): string {
  const base = basename(path);
  const dot = base.lastIndexOf(".");
  return dot <= 0 || base === ".." ? "" : base.slice(dot);
}

function endWithoutSlashes(path: string): number {
  let end = path.length;
  while (end > 0 && path[end - 1] === "/") end--;
  return end;
}

function resolveDots(path: string, absolute: boolean): string {
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") kept.push(part);
    else if (kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (!absolute) kept.push("..");
  }
  return kept.join("/");
}

export default {
  sep,
  delimiter,
  isAbsolute,
  normalize,
  join,
  resolve,
  relative,
  dirname,
  basename,
  extname,
};
