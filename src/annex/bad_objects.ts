import { basename, dirname, join } from "node:path";
import { SharedMode } from "../fs/shared_mode.ts";
import { parseAnnexed, sizeOfKey } from "./annex_key.ts";
import { isAnnexLink } from "./annexed_files.ts";
import type { AnnexRepository } from "./annex_repository.ts";
import { linkFolderOf } from "./backup_links.ts";
import type { AnnexFailure } from "./git_annex.ts";

const WRITABLE = 0o222;
const OWNER_WRITABLE = 0o200;

/**
 * Looks whether files were given up for objects that do not have their content, as `git annex add` does
 * without a look: what a power failure cut off has the name of the key, and another size. Such an object goes
 * where `git annex fsck` moves it, and the file's own content takes its place.
 *
 * A crash leaves the object as it was or replaced, and the backup link.
 *
 * @param backupLinks absolute, of files that may have been given up, by their paths relative to the root.
 * @returns those whose objects cannot be replaced: the files are what they were before they were added.
 */
export function replaceBadObjects(
  repository: AnnexRepository,
  backupLinks: Iterable<readonly [path: string, backupLink: string]>,
): AnnexFailure[] {
  const failures: AnnexFailure[] = [];
  for (const [path, backupLink] of backupLinks) {
    const file = join(repository.root, path);
    if (!isOfBadObject(file, backupLink)) continue;
    try {
      replaceObject(repository, Deno.realPathSync(file), backupLink);
    } catch (error) {
      putBack(repository, file, backupLink);
      failures.push({ path, message: `git-annex has a damaged object of its key: ${error}` });
    }
  }
  return failures;
}

function isOfBadObject(file: string, backupLink: string): boolean {
  try {
    if (!Deno.lstatSync(file).isSymlink) return false;
    const target = Deno.readLinkSync(file);
    const size = isAnnexLink(target) ? sizeOfKey(parseAnnexed(target)!.key) : undefined;
    const object = Deno.statSync(file);
    // The file's own may have another one, too: somebody still writes to it.
    return size !== undefined && object.isFile && object.size !== size &&
      Deno.lstatSync(backupLink).size === size;
  } catch {
    return false; // gone, or never made
  }
}

function replaceObject(repository: AnnexRepository, object: string, backupLink: string): void {
  const bad = join(repository.commonDir, "annex", "bad");
  SharedMode.of(repository.config).makeFolder(bad);
  const folder = dirname(object);
  const mode = Deno.lstatSync(folder).mode! & 0o7777;
  Deno.chmodSync(folder, mode | OWNER_WRITABLE);
  try {
    keepAside(object, join(bad, basename(object)));
    const next = nameIn(repository, backupLink);
    Deno.chmodSync(next, Deno.lstatSync(next).mode! & 0o7777 & ~WRITABLE);
    Deno.renameSync(next, object);
  } finally {
    Deno.chmodSync(folder, mode);
  }
}

/** Gives the object a second name; of two bad ones the later one counts. */
function keepAside(object: string, name: string): void {
  try {
    Deno.linkSync(object, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    Deno.removeSync(name);
    Deno.linkSync(object, name);
  }
}

/** The file is what it was, and no link any more. */
function putBack(repository: AnnexRepository, file: string, backupLink: string): void {
  const next = nameIn(repository, backupLink);
  Deno.chmodSync(next, Deno.lstatSync(next).mode! & 0o7777 | OWNER_WRITABLE);
  Deno.renameSync(next, file);
}

/** Another name for what a backup link leads to, on the same file system, to be renamed. */
function nameIn(repository: AnnexRepository, backupLink: string): string {
  const name = join(linkFolderOf(repository), crypto.randomUUID());
  Deno.linkSync(backupLink, name);
  return name;
}
