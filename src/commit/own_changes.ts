import { isWithin } from "../paths/root_paths.ts";
import { join } from "node:path";
import { isAsNoted } from "../annex/absent_files.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { lossyPath } from "../git/path_bytes.ts";
import type { CanBeOwn } from "../jobs/attribution.ts";
import type { FilesBefore } from "../jobs/files_before.ts";
import type { BroughtBack } from "./bring_back.ts";

const NO_PATHS: ReadonlySet<string> = new Set();
const NO_ROOM: ReadonlyMap<string, string> = new Map();

/**
 * Tells whether a change inside a job's claims can be its doing: what was not there when it was scheduled it
 * has not removed, and a link or pointer that made room for it and was put back it has not written.
 *
 * @param before what was noted of the job's files; absent: nothing.
 */
export function ownChangesOf(dataset: Dataset, before: FilesBefore | undefined): CanBeOwn {
  if (before === undefined) return () => true;
  const { present } = before;
  // Of most jobs nothing was there: that is not held once for each of them.
  const room = before.room.size === 0 ? NO_ROOM : before.room;
  const paths = present === null || present.paths.length === 0 ? NO_PATHS : new Set(present.paths);
  const places = present?.places.slice() ?? [];
  return (path, isGone) => {
    const target = room.get(path);
    if (!isGone) return target === undefined || !isAsNoted(join(dataset.root, path), target);
    if (target !== undefined) return false;
    // For an output that was named later, what had been there was never noted.
    const isKnown = places.some((place) => isWithin(place, path));
    return !isKnown || paths.has(lossyPath(path));
  };
}

/**
 * The same for a job that ran elsewhere: where it left something there, only what came back is its own, and
 * it removed nothing here.
 */
export function ownChangesBroughtBack(
  { files, claims }: BroughtBack,
  slurmOutputs: readonly string[],
): CanBeOwn {
  const logs = new Set(slurmOutputs);
  return (path, isGone) => {
    if (isGone) return false;
    if (files.has(path) || logs.has(path)) return true;
    // It may have written to the dataset by its own path.
    return !claims.some((claim) => isWithin(claim, path));
  };
}
