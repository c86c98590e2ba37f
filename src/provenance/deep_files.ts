import { GITLINK_MODE } from "../git/submodules.ts";
import { readTreeFiles } from "../git/tree_files.ts";
import { isWithin, joinPath, pathAndFoldersAround, pathRelativeTo } from "../paths/root_paths.ts";
import type { Provenance } from "./provenance.ts";

/** A file as a commit has it, also one in a subdataset whose commit that one records. */
export interface DeepFile {
  /** Relative to the topmost root. */
  readonly path: string;
  /** Where it lies: a subdataset, or `.`. */
  readonly place: string;
  /** Relative to that. */
  readonly pathInPlace: string;
  /** In octal, six digits. */
  readonly mode: string;
  /** The blob. */
  readonly oid: string;
}

/**
 * Reads what commits of the topmost dataset have at and under some paths, in installed subdatasets, too: two
 * git processes for each dataset.
 *
 * @param paths relative to the topmost root.
 * @returns by commit; one that is not there is absent.
 */
export async function readDeepFiles(
  provenance: Provenance,
  commits: readonly string[],
  paths: readonly string[],
): Promise<Map<string, Map<string, DeepFile>>> {
  const groups = await provenance.group(paths.filter((path) => path !== "."));
  // The way to a dataset leads through those around it.
  const around = new Set([...groups.keys()].flatMap((place) => [...pathAndFoldersAround(place)]));
  const nested: string[] = [];
  for (const place of around) {
    if (place !== "." && await provenance.isInstalled(place)) nested.push(place);
  }
  return await visit(provenance, ".", commits, { paths: [...new Set(paths)], nested });
}

/** What is asked for, and the subdatasets that it may lie in; all relative to the topmost root. */
interface Asked {
  readonly paths: readonly string[];
  readonly nested: readonly string[];
}

async function visit(
  provenance: Provenance,
  place: string,
  commits: readonly string[],
  asked: Asked,
): Promise<Map<string, Map<string, DeepFile>>> {
  const { paths, nested } = asked;
  const inside = (path: string) => pathRelativeTo(place, path);
  const { dataset } = await provenance.at(place);
  // A path inside a subdataset leads to no more than its entry here.
  const here = [...paths, ...nested].map(inside).filter((path) => path !== undefined);
  const trees = await readTreeFiles(dataset.git, commits, [...new Set(here)]);
  const found = new Map<string, Map<string, DeepFile>>();
  const links = new Map<string, Set<string>>();
  for (const [commit, files] of trees) {
    const own = new Map<string, DeepFile>();
    found.set(commit, own);
    for (const file of files) {
      const path = joinPath(place, file.path);
      if (file.mode === GITLINK_MODE) links.set(path, (links.get(path) ?? new Set()).add(file.oid));
      else if (paths.some((each) => isWithin(each, path))) {
        own.set(path, { path, place, pathInPlace: file.path, mode: file.mode, oid: file.oid });
      }
    }
  }
  for (const [path, oids] of links) {
    if (!await provenance.isInstalled(path)) continue;
    const deeper = await visit(provenance, path, [...oids], asked);
    for (const [commit, files] of trees) {
      const link = files.find((file) => joinPath(place, file.path) === path);
      for (const [inner, file] of deeper.get(link?.oid ?? "") ?? []) {
        found.get(commit)!.set(inner, file);
      }
    }
  }
  return found;
}
