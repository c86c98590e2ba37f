/**
 * What a power cut leaves of objects that git had just written: files of the right name without content. Git
 * takes what has such a file for written, and never writes it again.
 *
 * @module
 */

import { join } from "node:path";
import { ifPresent, lstatIfPresent, namesIn, removeIfPresent } from "../fs/if_present.ts";
import { LINK_MODE } from "./changes.ts";
import type { Change } from "./changes.ts";
import { quotePath } from "./path_bytes.ts";
import type { Repository } from "./repository.ts";
import { GITLINK_MODE } from "./submodules.ts";

/** Those of `changes` of whose content git has no more than the name; one process. */
export async function findLost<T extends Change>(
  { git }: Pick<Repository, "git">,
  changes: readonly T[],
): Promise<T[]> {
  const blobs = changes.filter(({ kind, mode }) => kind !== "delete" && mode !== GITLINK_MODE);
  if (blobs.length === 0) return [];
  // By the type it has to look into the object; its words on standard error are those of the failure.
  const output = await git.text(["cat-file", "--buffer", "--batch-check=%(objecttype)"], {
    stdin: blobs.map(({ oid }) => `${oid}\n`).join(""),
  });
  const types = output.split("\n");
  return blobs.filter((_, at) => types[at] !== "blob");
}

/** Takes empty objects away, and has git write what is lost from the work tree, as far as that has it still. */
export async function writeLost(
  repository: Pick<Repository, "git" | "root" | "commonDir">,
  lost: readonly Change[],
): Promise<void> {
  const { git, root } = repository;
  await removeEmptyObjects(repository);
  for (const { path, mode } of lost) {
    // What has become of a file that has changed meanwhile is an object that nobody wants.
    if (mode !== LINK_MODE) {
      await git.run(["hash-object", "-w", "--stdin-paths"], { stdin: `${quotePath(path)}\n` });
      continue;
    }
    const target = ifPresent(() => Deno.readLinkSync(join(root, path)));
    if (target) await git.run(["hash-object", "-w", "--stdin"], { stdin: target });
  }
}

/** The file that has an object, if it is one of its own. */
export async function looseObject(
  { commonDir }: Pick<Repository, "commonDir">,
  oid: string,
): Promise<string | undefined> {
  const file = join(commonDir, "objects", oid.slice(0, 2), oid.slice(2));
  return await lstatIfPresent(file) === undefined ? undefined : file;
}

/**
 * Takes all empty objects away. None is of use: each object has a header. Trees that the same power cut has
 * emptied would be believed, too, once the contents are there.
 */
export async function removeEmptyObjects(
  { commonDir }: Pick<Repository, "commonDir">,
): Promise<void> {
  const objects = join(commonDir, "objects");
  for (const folder of await namesIn(objects)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    const names = (await namesIn(join(objects, folder)))
      .filter((name) => /^[0-9a-f]{38}(?:[0-9a-f]{24})?$/.test(name));
    await Promise.all(names.map(async (name) => {
      const file = join(objects, folder, name);
      const info = await lstatIfPresent(file);
      if (info?.isFile === true && info.size === 0) await removeIfPresent(file);
    }));
  }
}
