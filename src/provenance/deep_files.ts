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

/** What a commit has at and under some paths. */
export interface DeepTree {
  /** By path, relative to the topmost root. */
  readonly files: Map<string, DeepFile>;
  /**
   * The commits of subdatasets that are not here, by the subdatasets' paths, relative to the topmost root: what they
   * have there nobody can tell. Only those that one of the paths leads into, or around.
   */
  readonly unread: Map<string, string>;
}

/** As {@linkcode readDeepTrees}, where what cannot be read does not matter. */
export async function readDeepFiles(
  provenance: Provenance,
  commits: readonly string[],
  paths: readonly string[],
): Promise<Map<string, Map<string, DeepFile>>> {
  const trees = await readDeepTrees(provenance, commits, paths);
  return new Map([...trees].map(([commit, { files }]) => [commit, files]));
}

/**
 * Reads what commits of the topmost dataset have at and under some paths, in installed subdatasets, too: two
 * git processes for each dataset, three for one with subdatasets.
 *
 * @param paths relative to the topmost root.
 * @returns by commit; one that is not there is absent.
 */
export async function readDeepTrees(
  provenance: Provenance,
  commits: readonly string[],
  paths: readonly string[],
): Promise<Map<string, DeepTree>> {
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
): Promise<Map<string, DeepTree>> {
  const { paths, nested } = asked;
  const inside = (path: string) => pathRelativeTo(place, path);
  const { dataset } = await provenance.at(place);
  // Those that are not installed, too.
  const listed = (await dataset.submodules.list()).map(({ path }) => joinPath(place, path))
    .filter((link) => paths.some((path) => isWithin(link, path)));
  // A path inside a subdataset leads to no more than its entry here.
  const here = [...paths, ...nested, ...listed].map(inside).filter((path) => path !== undefined);
  const trees = await readTreeFiles(dataset.git, commits, [...new Set(here)]);
  const found = new Map<string, DeepTree>();
  const links = new Map<string, Set<string>>();
  for (const [commit, files] of trees) {
    const own: DeepTree = { files: new Map(), unread: new Map() };
    found.set(commit, own);
    for (const file of files) {
      const path = joinPath(place, file.path);
      if (file.mode === GITLINK_MODE) {
        links.getOrInsert(path, new Set()).add(file.oid);
      } else if (paths.some((each) => isWithin(each, path))) {
        own.files.set(path, {
          ...{ path, place, pathInPlace: file.path, mode: file.mode, oid: file.oid },
        });
      }
    }
  }
  for (const [path, oids] of links) {
    const deeper = await provenance.isInstalled(path)
      ? await visit(provenance, path, [...oids], asked)
      : new Map<string, DeepTree>();
    for (const [commit, files] of trees) {
      const link = files.find((file) => joinPath(place, file.path) === path);
      if (link === undefined) continue;
      const own = found.get(commit)!;
      const inner = deeper.get(link.oid);
      if (inner === undefined) own.unread.set(path, link.oid);
      for (const [name, file] of inner?.files ?? []) own.files.set(name, file);
      for (const [name, oid] of inner?.unread ?? []) own.unread.set(name, oid);
    }
  }
  return found;
}
