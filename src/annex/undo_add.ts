import { basename, dirname, join, resolve } from "node:path";
import type { AnnexRepository } from "./annex_repository.ts";
import { keyOfFileName } from "./annex_key.ts";
import { isAnnexLink } from "./annexed_files.ts";
import { setPresence } from "./git_annex.ts";

/**
 * Undoes the adding of files whose content changed after their keys were made, because somebody still
 * writes to them: the very file, which the writer holds open, takes the place of the link again, may be
 * written to, and is no object any more. A file that was given up for an object gets its own content
 * back; that object is another file's. Files that are no links of git-annex stay as they are.
 *
 * A crash leaves the link or the file; an object that does not match its key is found by `git annex fsck`.
 *
 * @param paths relative to the repository's root.
 * @param backupLinks of files that were given up.
 * @throws {UserError} `ANNEX_FAILED` if the location log cannot be written.
 */
export async function undoAdd(
  repository: AnnexRepository,
  paths: readonly string[],
  backupLinks: ReadonlyMap<string, string>,
): Promise<void> {
  const objects = new Map<string, string>();
  for (const path of paths) {
    const file = join(repository.root, path);
    const own = backupLinks.get(path);
    const object = putBack(file, own, join(repository.commonDir, "dlslurm"));
    if (object !== undefined && own === undefined) {
      objects.set(keyOfFileName(basename(object)), object);
    }
  }
  for (const object of objects.values()) {
    await Deno.chmod(dirname(object), 0o755); // git-annex protects it
    await Deno.remove(dirname(object), { recursive: true });
  }
  const uuid = repository.config.get("annex.uuid")!;
  await setPresence(repository.git, { uuid, keys: [...objects.keys()], isPresent: false });
}

const WRITABLE = 0o200;

/** Gives the object whose content is in the file's place now. */
function putBack(file: string, own: string | undefined, folder: string): string | undefined {
  try {
    if (!Deno.lstatSync(file).isSymlink) return undefined;
    const target = Deno.readLinkSync(file);
    if (!isAnnexLink(target)) return undefined;
    const object = resolve(dirname(file), target);
    const next = join(folder, `undo-add-${crypto.randomUUID()}`);
    Deno.linkSync(own ?? object, next);
    Deno.renameSync(next, file);
    Deno.chmodSync(file, Deno.lstatSync(file).mode! & 0o7777 | WRITABLE);
    return object;
  } catch {
    return undefined; // the link stays: its job is not committed, and git-annex fsck tells
  }
}
