import { join } from "node:path";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";
import type { Git } from "../git/git.ts";
import { listSubmodules, readGitlinks } from "../git/submodules.ts";
import type { Submodule } from "../git/submodules.ts";
import type { Runner } from "../process/runner.ts";
import { openDataset } from "./dataset.ts";
import type { Dataset } from "./dataset.ts";

/** A subdataset as its superdataset knows it. */
export interface Subdataset extends Submodule {
  /** The commit that the superdataset's HEAD records for it. */
  readonly recordedOid: string;
  /** Whether it has a repository: a folder alone is what an uninstalled one leaves. */
  readonly isInstalled: boolean;
}

/** What stands between a dataset and some paths of its work tree. */
export interface SubdatasetsOnTheWay {
  /** The outermost ones: further ones may lie in them. */
  readonly subdatasets: readonly Subdataset[];
  /** Folders with a repository that HEAD does not know as a subdataset. */
  readonly foreign: readonly string[];
}

/** What git said of a work tree: a command that asks for many jobs asks git once. */
const asked = new WeakMap<Git, {
  readonly listed: Promise<readonly Submodule[]>;
  /** Gitlinks by path; `undefined` for what is none. */
  readonly links: Map<string, string | undefined>;
}>();

/**
 * Finds the subdatasets that `paths` lead into, and those that lie in them, with two git calls; without
 * `.gitmodules` and without a nested repository on the way there is none. What git has said once is
 * not asked again, as long as `git` is the same object.
 *
 * @param paths files or folders relative to `root`, also such that are not there yet.
 */
export async function findSubdatasets(
  git: Git,
  root: string,
  paths: readonly string[],
): Promise<SubdatasetsOnTheWay> {
  const nested = await findNestedRepositories(root, paths);
  const known = asked.get(git) ?? { listed: listSubmodules(git, root), links: new Map() };
  asked.set(git, known);
  const listed = await known.listed;
  const near = listed.filter(nearnessTo(paths));
  const candidates = [...new Set([...nested, ...near.map((submodule) => submodule.path)])];
  const fresh = candidates.filter((path) => !known.links.has(path));
  if (fresh.length > 0) {
    const links = await readGitlinks(git, "HEAD", fresh);
    for (const path of fresh) known.links.set(path, links.get(path));
  }
  const subdatasets: Subdataset[] = [];
  for (const path of candidates) {
    const recordedOid = known.links.get(path);
    if (recordedOid === undefined) continue;
    const isInstalled = await lstatIfPresent(join(root, path, ".git")) !== undefined;
    const url = listed.find((submodule) => submodule.path === path)?.url;
    subdatasets.push({ path, url, recordedOid, isInstalled });
  }
  return {
    subdatasets,
    foreign: [...nested].filter((path) => known.links.get(path) === undefined),
  };
}

/** The outermost folders with a `.git` between `root` and each of `paths`, the path itself included. */
async function findNestedRepositories(
  root: string,
  paths: readonly string[],
): Promise<Set<string>> {
  const known = new Map<string, boolean>([[".", false]]);
  const found = new Set<string>();
  for (const path of paths) {
    for (const folder of placesTo(path)) {
      let isRepository = known.get(folder);
      if (isRepository === undefined) {
        isRepository = await lstatIfPresent(join(root, folder, ".git")) !== undefined;
        known.set(folder, isRepository);
      }
      if (!isRepository) continue;
      found.add(folder);
      break;
    }
  }
  return found;
}

/**
 * Groups files by the innermost repository that each is in, without a look at git.
 *
 * @param paths relative to `root`, which is a repository itself.
 * @returns paths relative to the repository, by its own path relative to `root`, `.` for that.
 */
export async function groupByRepository(
  root: string,
  paths: Iterable<string>,
): Promise<Map<string, string[]>> {
  const known = new Map<string, Promise<boolean>>();
  const groups = new Map<string, string[]>();
  for (const path of paths) {
    let owner = ".";
    for (const folder of placesTo(path).slice(0, -1).reverse()) {
      const isRepository = known.get(folder) ?? lstatIfPresent(join(root, folder, ".git"))
        .then((info) => info !== undefined);
      known.set(folder, isRepository);
      if (!await isRepository) continue;
      owner = folder;
      break;
    }
    const group = groups.get(owner) ?? [];
    groups.set(owner, group);
    group.push(seenFrom(owner, path)!);
  }
  return groups;
}

/** Tells the submodules that one of `paths` is, leads into, or has in it. */
function nearnessTo(paths: readonly string[]): (submodule: Submodule) => boolean {
  const onTheWay = new Set(paths.flatMap(placesTo));
  const ends = new Set(paths);
  return ({ path }) =>
    onTheWay.has(path) || ends.has(".") || placesTo(path).some((place) => ends.has(place));
}

/** `a/b/c` → `a`, `a/b`, `a/b/c` */
function placesTo(path: string): string[] {
  const parts = path.split("/");
  return parts.map((_, at) => parts.slice(0, at + 1).join("/"));
}

/**
 * What `path` is as seen from `folder`, both relative to the same root: the rest of the path for one
 * inside, `.` for the folder itself and what is around it, `undefined` for one beside it.
 */
export function seenFrom(folder: string, path: string): string | undefined {
  if (folder === "." || path === folder) return folder === "." ? path : ".";
  if (path.startsWith(`${folder}/`)) return path.slice(folder.length + 1);
  return path === "." || folder.startsWith(`${path}/`) ? "." : undefined;
}

/** The path of `inner`, relative to the dataset at `outer`, as seen from where `outer` is. */
export function joinPath(outer: string, inner: string): string {
  return outer === "." ? inner : inner === "." ? outer : `${outer}/${inner}`;
}

/** A dataset with those of its subdatasets that were asked for. */
export interface DatasetTree {
  /** The dataset itself. */
  readonly dataset: Dataset;
  /** Where it is, relative to the root of the topmost one; `.` for that. */
  readonly path: string;
  /** The commit that the superdataset's HEAD records; `null` for the topmost one. */
  readonly recordedOid: string | null;
  /** Subdatasets directly below, those that could be opened. */
  readonly children: readonly DatasetTree[];
  /** Folders, relative to the topmost root, that no file can be saved in, and why. */
  readonly barred: readonly { readonly path: string; readonly error: UserError }[];
}

/**
 * Opens the installed subdatasets that `paths` lead into, or that lie in them, at any depth.
 *
 * @param paths relative to the root of `dataset`.
 */
export async function openDatasetTree(
  runner: Runner,
  dataset: Dataset,
  paths: readonly string[],
): Promise<DatasetTree> {
  return await openBelow(runner, { dataset, path: ".", recordedOid: null }, paths);
}

async function openBelow(
  runner: Runner,
  self: Pick<DatasetTree, "dataset" | "path" | "recordedOid">,
  paths: readonly string[],
): Promise<DatasetTree> {
  const { root, git } = self.dataset;
  const { subdatasets, foreign } = await findSubdatasets(git, root, paths);
  const children: DatasetTree[] = [];
  const barred = foreign.map((folder) => {
    const path = joinPath(self.path, folder);
    return { path, error: foreignRepository(path) };
  });
  for (const { path: folder, recordedOid, isInstalled } of subdatasets) {
    const path = joinPath(self.path, folder);
    const inner = paths.map((each) => seenFrom(folder, each)).filter((each) => each !== undefined);
    if (!isInstalled) {
      if (await hasFiles(join(root, folder))) barred.push({ path, error: notInstalled(path) });
      continue;
    }
    try {
      const dataset = await openDataset(runner, join(root, folder), undefined);
      children.push(await openBelow(runner, { dataset, path, recordedOid }, [...new Set(inner)]));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      barred.push({ path, error });
    }
  }
  return { ...self, children, barred };
}

async function hasFiles(folder: string): Promise<boolean> {
  if ((await lstatIfPresent(folder))?.isDirectory !== true) return false;
  for await (const _ of Deno.readDir(folder)) return true;
  return false;
}

function foreignRepository(path: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: "${path}" is a Git repository of its own, and no subdataset that ` +
      "the dataset's HEAD knows",
    {
      hint: `make it a subdataset: datalad save "${path}"; or remove "${path}/.git"; ` +
        "then run the same command again",
    },
  );
}

function notInstalled(path: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: the subdataset "${path}" is not installed, and there are files in ` +
      "its folder",
    {
      hint: `move the files away, then: git submodule update --init "${path}", and move them back`,
    },
  );
}
