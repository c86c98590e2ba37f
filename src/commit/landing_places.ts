import { join } from "node:path";
import { annexLinkAt } from "../annex/annexed_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { groupByRepository } from "../datalad/subdatasets.ts";
import { lookOf } from "../fs/followed_files.ts";
import type { FollowedFile } from "../fs/followed_files.ts";
import { lstatIfPresent, statIfPresent } from "../fs/if_present.ts";
import { haveSameContent } from "../fs/same_content.ts";
import { walkTree } from "../fs/walk_tree.ts";
import { findUnchanged } from "../git/compare_paths.ts";
import { isSameFile } from "../jobs/files_before.ts";
import type { FilesBesideAltDir } from "../jobs/files_before.ts";

/** Where a file may land. */
export interface LandingPlace {
  /** Relative to the root. */
  readonly path: string;
  /** What {@linkcode seenAt} said of it. */
  readonly seen: string;
  /** A file or link where a folder above it belongs, which has to go first; and what was known about it. */
  readonly obstacle: { readonly path: string; readonly seen: string } | null;
}

/** What came of the look at all places. */
export interface LandingPlaces {
  /** In the order of the files; those that are in the dataset already are left out. */
  readonly free: readonly LandingPlace[];
  /** What a person has changed since the job was scheduled, relative to the root. */
  readonly edited: readonly string[];
}

/**
 * Looks where files that a job wrote elsewhere will land. What is there may be replaced if it is as it was
 * when the job was scheduled; where a file takes the place of a folder, or a folder that of a file, also if
 * HEAD has it as it is. No file lands through a link. Reads only.
 *
 * @param before `null`: nothing is known; then only what HEAD has may be replaced.
 */
export async function findLandingPlaces(
  dataset: Dataset,
  altDir: string,
  files: readonly FollowedFile[],
  before: FilesBesideAltDir | null,
): Promise<LandingPlaces> {
  const noted = new Map(before?.inDataset.map((file) => [file.path, file]));
  const places: LandingPlace[] = [];
  const repositories: string[] = [];
  /** Files that may be replaced only if they are in a commit as they are, and why they would be. */
  const doubtful = { replaced: new Set<string>(), displaced: new Set<string>() };
  const isNoted = (path: string, info: Deno.FileInfo) => isSameFile(noted.get(path), lookOf(info));
  for (const file of files) {
    const obstacle = await obstacleTo(dataset.root, file.path);
    if (obstacle !== undefined) {
      const { path, info } = obstacle;
      if (!isNoted(path, info)) doubtful.displaced.add(path);
      const seen = await seenAt(dataset.root, path);
      places.push({ path: file.path, seen: NOTHING, obstacle: { path, seen } });
      continue;
    }
    const there = await lstatIfPresent(join(dataset.root, file.path));
    if (there?.isDirectory) {
      for await (const { path, kind } of walkTree(dataset.root, file.path)) {
        if (kind !== "folder") doubtful.displaced.add(path);
        // A repository of its own is more than its files.
        else if (await lstatIfPresent(join(dataset.root, path, ".git"))) repositories.push(path);
      }
    }
    if (there !== undefined && !there.isDirectory) {
      const original = join(altDir, file.path);
      const path = join(dataset.root, file.path);
      if (await isHere(path, there, { file, original, isNoted })) continue;
      if (!isNoted(file.path, there)) doubtful.replaced.add(file.path);
    }
    const seen = await seenAt(dataset.root, file.path);
    places.push({ path: file.path, seen, obstacle: null });
  }
  const edited = [
    ...repositories,
    ...await findEdited(dataset, before?.headOid ?? "HEAD", doubtful.replaced),
    ...await findEdited(dataset, "HEAD", doubtful.displaced),
  ];
  return { free: places, edited: edited.sort() };
}

/** The first thing above `path` that is no folder. */
async function obstacleTo(
  root: string,
  path: string,
): Promise<{ readonly path: string; readonly info: Deno.FileInfo } | undefined> {
  const parts = path.split("/").slice(0, -1);
  for (let count = 1; count <= parts.length; count++) {
    const folder = parts.slice(0, count).join("/");
    const info = await lstatIfPresent(join(root, folder));
    if (info === undefined) return undefined;
    if (!info.isDirectory) return { path: folder, info };
  }
  return undefined;
}

/**
 * Whether the job's file, `original` in the alternative folder, has been brought to `path` already, by a finish that was interrupted. */
async function isHere(
  path: string,
  there: Deno.FileInfo,
  { file, original, isNoted }: {
    readonly file: FollowedFile;
    readonly original: string;
    readonly isNoted: (path: string, info: Deno.FileInfo) => boolean;
  },
): Promise<boolean> {
  // git-annex keeps the times of what it takes in.
  const isAnnexed = there.isSymlink && await annexLinkAt(path) !== undefined;
  const info = isAnnexed ? await statIfPresent(path) : there;
  if (info?.isFile !== true || info.size !== file.size) return false;
  // What was there before the job ran, nobody has brought: its time may be what the job sets all its files to.
  if (isNoted(file.path, there)) return false;
  // git-annex keeps one copy of a content that several files have.
  return info.mtime?.getTime() === file.mtimeMs || await haveSameContent(path, original);
}

/** Those of `paths` that differ from `oid`. What lies in subdatasets is not compared. */
async function findEdited(
  dataset: Dataset,
  oid: string,
  paths: ReadonlySet<string>,
): Promise<string[]> {
  if (paths.size === 0) return [];
  const own = (await groupByRepository(dataset.root, paths)).get(".") ?? [];
  const unchanged = await findUnchanged(dataset.git, oid, own);
  return [...paths].filter((path) => !unchanged.has(path));
}

/** What {@linkcode seenAt} says where nothing is. */
const NOTHING = "";

/** Describes what is at a path, a folder with everything in it: the text stays the same until something changes. */
export async function seenAt(root: string, path: string): Promise<string> {
  const seen: string[] = [];
  for await (const entry of walkTree(root, path)) {
    const info = entry.kind === "folder" ? undefined : await lstatIfPresent(join(root, entry.path));
    // Of a file with several names, ctime changes with each that is replaced.
    const look = info && { ...lookOf(info), ctimeMs: undefined };
    seen.push(JSON.stringify([entry.path, entry.kind, look]));
  }
  return seen.join("\n");
}
