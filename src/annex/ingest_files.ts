import { join } from "node:path";
import { callsFor, paceOf, sideBySide } from "../fs/pace.ts";
import type { Pace } from "../fs/pace.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { beginStep } from "./annex_repository.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { fileNameOfKey } from "./annex_key.ts";
import { askAnnex } from "./git_annex.ts";
import { mixedFoldersOf } from "./hash_folders.ts";
import { notePresent } from "./location_log.ts";
import { protectFile, storeContent, unprotectFile } from "./object_store.ts";
import type { FileLook, SetLinkTimes } from "./object_store.ts";
import { linkFolderOf } from "./backup_links.ts";
import type { LargeFile } from "./classify_files.ts";

/** What came of ingesting. */
export interface Ingested {
  /** Files that are links to their objects now. */
  readonly linked: readonly string[];
  /** Files that were left as they were: git-annex has to say what is the matter with them. */
  readonly left: readonly string[];
  /**
   * Ends once the location log tells of the contents: until then nothing must refer to them. Rejects with
   * `ANNEX_FAILED`.
   */
  readonly locationLog: Promise<void>;
  /**
   * Files whose own content was given up for an object that was there already, of this call or from
   * before, with a backup link to it: if somebody still writes to either, there is no other copy.
   */
  readonly backupLinks: ReadonlyMap<string, string>;
}

/** Between two of these many files, other work gets its turn: Ctrl-C is heard. */
const FILES_AT_ONCE = 100;

/**
 * Makes locked annexed files of untracked regular files, as `git annex add` does: the content goes to
 * its object, a link as old as the file takes the file's place, and the location log notes it.
 *
 * A crash leaves each file either as it was, perhaps write-protected and with its object as a second
 * name, or as a link to its object, perhaps not noted yet: ingesting the first again, and `git annex
 * add` of the second, complete them.
 */
export async function ingestFiles(
  repository: AnnexRepository,
  files: readonly LargeFile[],
): Promise<Ingested> {
  if (files.length === 0) return NOTHING;
  const fileOf = ({ path }: LargeFile) => join(repository.root, path);
  const pace = paceOf(repository.root);
  const looks = await protectAll(pace, files.map(fileOf));
  const keys = await findKeys(repository, files);
  const moved = await moveContents(repository, pace, { files, looks, keys });
  const linked = new Map<string, string>();
  const backupLinks = new Map<string, string>();
  for (const { path } of files) {
    const stored = moved.get(path);
    if (stored === undefined) continue;
    linked.set(path, keys.get(path)!);
    if (stored.backupLink !== undefined) backupLinks.set(path, stored.backupLink);
  }
  const left = files.filter(({ path }) => !linked.has(path));
  for (const file of left) unprotectFile(fileOf(file), looks.get(fileOf(file)));
  // Where git-annex does it, a second for each thousand keys, in which the caller has other things to do.
  const uuid = repository.config.get("annex.uuid")!;
  const locationLog = notePresent(repository, uuid, [...new Set(linked.values())]);
  locationLog.catch(() => undefined); // whoever waits for it hears of it
  return {
    linked: [...linked.keys()],
    left: left.map(({ path }) => path),
    locationLog,
    backupLinks,
  };
}

/** What files were like before they were protected, by their absolute paths. */
async function protectAll(
  pace: Pace,
  files: readonly string[],
): Promise<Map<string, FileLook | undefined>> {
  const looks = new Map<string, FileLook | undefined>();
  const calls = callsFor(pace);
  await sideBySide(pace, files, async (file) => {
    looks.set(file, await protectFile(file, calls));
  });
  return looks;
}

/** A file that is a link now. */
interface Moved {
  /** Of the file's own content, where that was given up. */
  readonly backupLink: string | undefined;
}

/**
 * Moves contents to their objects, those of one key one after the other: the first becomes the object.
 *
 * @returns by path; what was left as it was is absent.
 */
async function moveContents(
  repository: AnnexRepository,
  pace: Pace,
  { files, looks, keys }: {
    readonly files: readonly LargeFile[];
    readonly looks: ReadonlyMap<string, FileLook | undefined>;
    readonly keys: ReadonlyMap<string, string>;
  },
): Promise<Map<string, Moved>> {
  const { root, signal } = repository;
  const linkFolder = linkFolderOf(repository);
  SharedMode.of(repository.config).makeFolder(linkFolder);
  const setLinkTimes = await linkTimesSetter(pace);
  const calls = callsFor(pace);
  const moved = new Map<string, Moved>();
  using moving = beginStep(repository, "moving contents to the annex", files.length);
  let count = 0;
  const move = async (path: string, at: number) => {
    if (count++ % FILES_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    moving.advance();
    signal.throwIfAborted();
    const key = keys.get(path);
    const look = looks.get(join(root, path));
    if (key === undefined || look === undefined) return;
    const name = fileNameOfKey(key);
    const object = `.git/annex/objects/${mixedFoldersOf(key)}/${name}/${name}`;
    const backupLink = join(linkFolder, `backup-link-${at}`);
    const place = { root, path, object, linkFolder, backupLink };
    const stored = await storeContent(place, look, setLinkTimes, calls);
    if (stored === undefined) return;
    moved.set(path, { backupLink: stored === "given up" ? backupLink : undefined });
  };
  const numbered = files.map(({ path }, at) => ({ path, at }));
  const groups = Map.groupBy(numbered, ({ path }) => keys.get(path));
  await sideBySide(pace, groups.values(), async (group) => {
    for (const { path, at } of group) await move(path, at);
  });
  return moved;
}

async function linkTimesSetter(pace: Pace): Promise<SetLinkTimes> {
  const { lutimesSync, promises } = await import("node:fs");
  return pace === "slow" ? promises.lutimes : lutimesSync;
}

const NOTHING: Ingested = {
  linked: [],
  left: [],
  locationLog: Promise.resolve(),
  backupLinks: new Map(),
};

/** The key of each file; those that git-annex cannot tell are missing. */
async function findKeys(
  repository: AnnexRepository,
  files: readonly LargeFile[],
): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  using hashing = beginStep(repository, "hashing contents", files.length);
  for (const [backend, group] of Map.groupBy(files, (file) => file.backend)) {
    const option = backend === undefined ? [] : [`--backend=${backend}`];
    const paths = group.map(({ path }) => path);
    const answers = await askAnnex(repository.git, ["calckey", ...option], paths, hashing) ?? [];
    answers.forEach((key, at) => {
      if (key !== "") keys.set(paths[at]!, key);
    });
  }
  return keys;
}
