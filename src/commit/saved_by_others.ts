import type { Dataset } from "../datalad/dataset.ts";
import { readTreeFiles } from "../git/tree_files.ts";
import type { TreeFile } from "../git/tree_files.ts";
import { ownChangesAmong } from "../jobs/attribution.ts";
import type { WrittenPaths } from "../jobs/attribution.ts";
import { isWithin } from "../paths/root_paths.ts";

/**
 * Finds jobs whose outputs or logs somebody has committed since they were submitted, as `datalad save` does with all
 * that lies about: their own commits have nothing left to add, but the record of what made these files. Two git
 * processes for all of them; none where HEAD is still the commit that they were submitted on.
 *
 * @param jobs paths relative to the root of the dataset; what lies in subdatasets is not looked at.
 * @returns their keys.
 */
export async function findSavedByOthers(
  { git, headOid }: Dataset,
  jobs: readonly WrittenPaths[],
): Promise<Set<number>> {
  const moved = jobs.filter(({ submittedHead }) =>
    submittedHead !== undefined && submittedHead !== headOid
  );
  const found = new Set<number>();
  if (moved.length === 0) return found;
  const heads = [...new Set(moved.map(({ submittedHead }) => submittedHead!))];
  const paths = moved.flatMap(({ claims, slurmOutputs }) => [...claims, ...slurmOutputs]);
  const trees = await readTreeFiles(git, [...heads, headOid], [...new Set(paths)]);
  const isOwn = ownChangesAmong(moved);
  for (const { key, claims, slurmOutputs, submittedHead } of moved) {
    const before = trees.get(submittedHead!);
    if (before === undefined) continue; // forgotten, as after a rebase
    const isMeant = (path: string) =>
      slurmOutputs.includes(path) || claims.some((claim) => isWithin(claim, path));
    const known = new Map(before.map((file) => [file.path, nameOf(file)]));
    const isSaved = (trees.get(headOid) ?? []).some((file) =>
      isMeant(file.path) && known.get(file.path) !== nameOf(file) && isOwn(key, file.path, false)
    );
    if (isSaved) found.add(key);
  }
  return found;
}

function nameOf({ mode, oid }: TreeFile): string {
  return `${mode} ${oid}`;
}
