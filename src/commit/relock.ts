import { join } from "node:path";
import { annexKeyOf } from "../annex/annex_key.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { readBlobs } from "../git/cat_file.ts";
import { findStagedChanges, LINK_MODE } from "../git/changes.ts";
import type { IndexLock } from "../git/index_lock.ts";
import { isReachable } from "../git/path_bytes.ts";
import { changeIndex, setEntriesToHead } from "../git/private_index.ts";
import { readTreeFiles } from "../git/tree_files.ts";

/**
 * Has the index tell of annexed files again that they are locked, where it says that they are unlocked, and HEAD
 * and the work tree have one and the same link: they were unlocked for a job that did not write them, and became
 * links again when its outputs were added.
 */
export async function relock(dataset: Dataset, lock: IndexLock): Promise<void> {
  if (!dataset.hasAnnex) return;
  const { git, root } = dataset;
  const links = new Map<string, { readonly target: string; readonly staged: string }>();
  for (const { path, kind, mode, oid } of await findStagedChanges(git, "HEAD", [])) {
    if (kind !== "modify" || !mode.startsWith("100") || !isReachable(path)) continue;
    const target = await Deno.readLink(join(root, path)).catch(() => undefined);
    if (target !== undefined) links.set(path, { target, staged: oid });
  }
  if (links.size === 0) return;
  const inHead = (await readTreeFiles(git, ["HEAD"], [...links.keys()])).get("HEAD") ?? [];
  const blobs = await readBlobs(git, [
    ...inHead.map(({ oid }) => oid),
    ...[...links.values()].map(({ staged }) => staged),
  ]);
  const relocked = inHead.filter(({ path, mode, oid }) => {
    const link = links.get(path);
    if (link === undefined || mode !== LINK_MODE || blobs.get(oid) !== link.target) return false;
    const key = annexKeyOf(link.target);
    return key !== undefined && key === annexKeyOf(blobs.get(link.staged) ?? "");
  }).map(({ path }) => path);
  if (relocked.length === 0) return;
  await changeIndex(dataset, lock, (git) => setEntriesToHead(git, relocked));
}
