import { join } from "node:path";
import { isAbsence, isThereSync, removeIfPresent } from "../fs/if_present.ts";
import { SharedMode } from "../fs/shared_mode.ts";
import { temporaryFolderOf } from "../fs/temporary_files.ts";
import { writeFileAtomic } from "../fs/write_file_atomic.ts";
import { isReachable } from "../git/path_bytes.ts";
import { textOf } from "../process/runner.ts";
import { replaceBadObjects } from "./bad_objects.ts";
import type { AnnexRepository } from "./annex_repository.ts";

/** A file that was handed to git-annex, relative to the root, and its backup link, absolute, if it had one. */
type HandedOver = readonly [path: string, backupLink: string];

const OWNER_WRITABLE = 0o200;

/**
 * Notes files that `git annex add` is about to take in. Where it cannot make hard links it moves a file
 * away before there is a link in its place: if it is stopped then, only this tells that there was one.
 *
 * @param paths relative to the repository's root.
 * @param backupLinks absolute, by path.
 */
export async function noteHandedOver(
  repository: AnnexRepository,
  paths: readonly string[],
  backupLinks: ReadonlyMap<string, string>,
): Promise<void> {
  const entries = paths.filter(isReachable)
    .map((path): HandedOver => [path, backupLinks.get(path) ?? ""]);
  await write(repository, [...await read(repository), ...entries]);
}

/**
 * Looks for files that an interrupted `git annex add` had taken: those that are gone come back where they
 * have backup links. The others stay noted. Those that it gave up for damaged objects get theirs mended.
 *
 * A crash leaves the note, and doing it again is harmless.
 *
 * @param isWanted which files matter now; `undefined`: nobody misses that one any more.
 * @returns those that matter now and are gone for good.
 */
export async function bringBackHandedOver(
  repository: AnnexRepository,
  isWanted: (path: string) => boolean | undefined,
): Promise<string[]> {
  const noted = await read(repository);
  if (noted.length === 0) return [];
  replaceBadObjects(repository, noted);
  const missed = noted.filter(([path, backupLink]) =>
    isWanted(path) !== undefined && !isThereSync(join(repository.root, path)) &&
    !bringBack(join(repository.root, path), backupLink)
  ).map(([path]) => path);
  await forgetHandedOver(repository, missed);
  return missed.filter((path) => isWanted(path));
}

/** Forgets what was noted, but for files that are `lost`; to be called once all were taken in. */
export async function forgetHandedOver(
  repository: AnnexRepository,
  lost: readonly string[],
): Promise<void> {
  await write(repository, lost.map((path) => [path, ""]));
}

/** Where the note is; its removal tells that nobody misses those files. */
export function handedOverNoteOf({ commonDir }: Pick<AnnexRepository, "commonDir">): string {
  return join(commonDir, "dlslurm", "handed-over");
}

async function read(repository: AnnexRepository): Promise<HandedOver[]> {
  const entries: HandedOver[] = [];
  try {
    const items = textOf(await Deno.readFile(handedOverNoteOf(repository))).split("\0");
    for (let at = 0; at + 2 < items.length; at += 2) entries.push([items[at]!, items[at + 1]!]);
  } catch (error) {
    if (!isAbsence(error)) throw error;
  }
  return entries;
}

async function write(repository: AnnexRepository, entries: readonly HandedOver[]): Promise<void> {
  const note = handedOverNoteOf(repository);
  if (entries.length === 0) return await removeIfPresent(note);
  const text = entries.map(([path, backupLink]) => `${path}\0${backupLink}\0`).join("");
  const mode = SharedMode.of(repository.config); // whoever runs the next finish reads it
  await writeFileAtomic(note, text, { mode, folder: temporaryFolderOf(repository) });
}

function bringBack(file: string, backupLink: string): boolean {
  try {
    if (backupLink === "") return false;
    Deno.linkSync(backupLink, file);
    Deno.chmodSync(file, Deno.lstatSync(file).mode! & 0o7777 | OWNER_WRITABLE);
    return true;
  } catch {
    return false; // the backup link or the folder is gone, too
  }
}
