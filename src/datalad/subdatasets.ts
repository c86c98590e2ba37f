import {
  foldersAround,
  joinPath,
  pathAndFoldersAround,
  pathRelativeTo,
} from "../paths/root_paths.ts";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import { paceOf, sideBySide } from "../fs/pace.ts";
import type { Pace } from "../fs/pace.ts";
import { isThereSync, lstatIfPresent } from "../fs/if_present.ts";
import type { KnownSubmodules } from "../git/known_submodules.ts";
import type { Submodule } from "../git/submodules.ts";
import { toUserError } from "../process/system_error.ts";
import type { Runner } from "../process/runner.ts";
import { shellName } from "../shell/shell_name.ts";
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

/**
 * Finds the subdatasets that `paths` lead into, and those that lie in them, with two git calls; without
 * `.gitmodules` and without a nested repository on the way there is none.
 *
 * @param paths files or folders relative to the root, also such that are not there yet.
 */
export async function findSubdatasets(
  submodules: KnownSubmodules,
  paths: readonly string[],
): Promise<SubdatasetsOnTheWay> {
  const { root } = submodules;
  const nested = await findNestedRepositories(root, paths);
  const listed = await submodules.list();
  const near = listed.filter(nearnessTo(paths));
  const candidates = [...new Set([...nested, ...near.map((submodule) => submodule.path)])];
  const links = await submodules.readLinks(candidates);
  const subdatasets: Subdataset[] = [];
  for (const [path, recordedOid] of links) {
    const isInstalled = await hasRepository(join(root, path)) &&
      !await isBehindLink(root, path);
    const url = listed.find((submodule) => submodule.path === path)?.url;
    subdatasets.push({ path, url, recordedOid, isInstalled });
  }
  return { subdatasets, foreign: [...nested].filter((path) => !links.has(path)) };
}

/** Fewer are looked at before it is known how quick the file system is. */
const MANY_PATHS = 12;

/** The outermost folders with a `.git` between `root` and each of `paths`, the path itself included. */
async function findNestedRepositories(
  root: string,
  paths: readonly string[],
): Promise<Set<string>> {
  const known = new Map<string, boolean>([[".", false]]);
  const found = new Set<string>();
  const pace = paths.length < MANY_PATHS ? "quick" : paceOf(root);
  if (pace === "slow") {
    // All that may be asked for below, side by side.
    const folders = new Set(paths.flatMap((path) => [...pathAndFoldersAround(path)]));
    await sideBySide(pace, folders, async (folder) => {
      if (folder !== ".") known.set(folder, await hasRepository(join(root, folder), pace));
    });
  }
  for (const path of paths) {
    for (const folder of [...pathAndFoldersAround(path)].reverse()) {
      let isRepository = known.get(folder);
      if (isRepository === undefined) {
        isRepository = await hasRepository(join(root, folder));
        known.set(folder, isRepository);
      }
      if (!isRepository) continue;
      // To git a link is a link: what it leads to is not there, and may be the dataset itself.
      if (await isBehindLink(root, folder)) break;
      found.add(folder);
      break;
    }
  }
  return found;
}

async function isBehindLink(root: string, folder: string): Promise<boolean> {
  return await Deno.realPath(join(root, folder)) !== join(root, folder);
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
    for (const folder of foldersAround(path)) {
      const isRepository = known.get(folder) ?? hasRepository(join(root, folder));
      known.set(folder, isRepository);
      if (!await isRepository) continue;
      owner = folder;
      break;
    }
    groups.getOrInsert(owner, []).push(pathRelativeTo(owner, path)!);
  }
  return groups;
}

/**
 * Whether there is a repository in a folder; in one that is closed to us nothing can be done with it, and below a
 * link that leads to itself there is nothing.
 */
async function hasRepository(folder: string, pace: Pace = "quick"): Promise<boolean> {
  const file = join(folder, ".git");
  try {
    // On a quick file system the way through the event loop takes longer than the look.
    return pace === "quick" ? isThereSync(file) : await lstatIfPresent(file) !== undefined;
  } catch (error) {
    const { FilesystemLoop, PermissionDenied } = Deno.errors;
    if (error instanceof PermissionDenied || error instanceof FilesystemLoop) return false;
    throw error;
  }
}

/** Tells the submodules that one of `paths` is, leads into, or has in it. */
function nearnessTo(paths: readonly string[]): (submodule: Submodule) => boolean {
  const onTheWay = new Set(paths.flatMap((path) => [...pathAndFoldersAround(path)]));
  const ends = new Set(paths);
  return ({ path }) =>
    onTheWay.has(path) || ends.has(".") ||
    pathAndFoldersAround(path).some((place) => ends.has(place));
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
  const { root, submodules } = self.dataset;
  const { subdatasets, foreign } = await findSubdatasets(submodules, paths);
  const children: DatasetTree[] = [];
  const barred = foreign.map((folder) => {
    const path = joinPath(self.path, folder);
    return { path, error: foreignRepository(path) };
  });
  for (const { path: folder, recordedOid, isInstalled } of subdatasets) {
    const path = joinPath(self.path, folder);
    const inner = paths.map((each) => pathRelativeTo(folder, each)).filter((each) =>
      each !== undefined
    );
    try {
      if (!isInstalled) {
        if (await hasFiles(join(root, folder))) barred.push({ path, error: notInstalled(path) });
        continue;
      }
      const dataset = await openDataset(runner, join(root, folder), undefined);
      children.push(await openBelow(runner, { dataset, path, recordedOid }, [...new Set(inner)]));
    } catch (error) {
      barred.push({ path, error: toUserError(error) });
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
      hint:
        `make it a subdataset: datalad save ${
          shellName(path)
        }; or move it out of the outputs; or, if ` +
        `nobody needs its history, remove "${path}/.git"; then run the same command again`,
    },
  );
}

function notInstalled(path: string): UserError {
  return new UserError(
    "BAD_OUTPUT",
    `Cannot commit the outputs: the subdataset "${path}" is not installed, and there are files in ` +
      "its folder",
    {
      hint: `move the files away, then: git submodule update --init ${
        shellName(path)
      }, and move them back`,
    },
  );
}
