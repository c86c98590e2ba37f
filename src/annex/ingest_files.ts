import { join } from "node:path";
import { SharedMode } from "../fs/shared_mode.ts";
import { beginStep } from "./annex_repository.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { askAnnex } from "./git_annex.ts";
import { notePresent } from "./location_log.ts";
import { protectFile, storeContent, unprotectFile } from "./object_store.ts";
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
  const looks = new Map(files.map((file) => [file, protectFile(fileOf(file))]));
  const keys = await findKeys(repository, files);
  const objects = await findObjects(repository, [...new Set(keys.values())]);
  const linkFolder = linkFolderOf(repository);
  SharedMode.of(repository.config).makeFolder(linkFolder);
  const { lutimesSync } = await import("node:fs");
  const linked = new Map<string, string>();
  const backupLinks = new Map<string, string>();
  using moving = beginStep(repository, "moving contents to the annex", files.length);
  for (const [at, file] of files.entries()) {
    if (at % FILES_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    moving.advance();
    repository.signal.throwIfAborted();
    const key = keys.get(file.path);
    const object = key === undefined ? undefined : objects.get(key);
    const look = looks.get(file);
    if (key === undefined || object === undefined || look === undefined) continue;
    const backupLink = join(linkFolder, `backup-link-${at}`);
    const place = { root: repository.root, path: file.path, object, linkFolder, backupLink };
    const stored = storeContent(place, look, lutimesSync);
    if (stored === undefined) continue;
    linked.set(file.path, key);
    if (stored === "given up") backupLinks.set(file.path, backupLink);
  }
  const left = files.filter(({ path }) => !linked.has(path));
  for (const file of left) unprotectFile(fileOf(file), looks.get(file));
  moving[Symbol.dispose]();
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

/** Where the content of each key belongs, relative to the repository's root. */
async function findObjects(
  { git }: AnnexRepository,
  keys: readonly string[],
): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map();
  const objects = await askAnnex(git, ["examinekey", "--format=${objectpath}\\n"], keys) ?? [];
  return new Map(objects.flatMap((object, at): [string, string][] => {
    const key = keys[at]!;
    return object.startsWith(".git/annex/objects/") && object.endsWith(`/${key}/${key}`)
      ? [[key, object]]
      : [];
  }));
}
