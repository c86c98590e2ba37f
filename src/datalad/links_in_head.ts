import { dirname, isAbsolute, relative } from "node:path";
import { isAnnexLink } from "../annex/annexed_files.ts";
import { LINK_MODE } from "../git/changes.ts";
import { isInside } from "../paths/root_paths.ts";
import type { InputView } from "./compare_with_head.ts";

/** As many as the kernel follows: path_resolution(7). */
const MOST_LINKS = 40;

/**
 * Where the links that HEAD has lead from a path: to folders on the way, and at its end. Those of git-annex are files.
 *
 * @param path relative to the root.
 * @returns the path itself where HEAD has no link there; `undefined` out of the dataset, or in a circle.
 */
export function placeInHead(
  { root, head }: Pick<InputView, "root" | "head">,
  path: string,
): string | undefined {
  const names = path.split("/");
  let at = ".";
  for (let links = 0; names.length > 0;) {
    const name = names.shift()!;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (at === ".") return undefined;
      at = dirname(at);
      continue;
    }
    const next = at === "." ? name : `${at}/${name}`;
    const target = head.find(next)?.mode === LINK_MODE ? head.textOf(next) : undefined;
    if (target === undefined || isAnnexLink(target)) {
      at = next;
      continue;
    }
    if (++links > MOST_LINKS) return undefined;
    const inRoot = isAbsolute(target) ? relative(root, target) : target;
    if (isAbsolute(target)) {
      if (!isInside(inRoot)) return undefined;
      at = ".";
    }
    names.unshift(...inRoot.split("/"));
  }
  return at;
}
