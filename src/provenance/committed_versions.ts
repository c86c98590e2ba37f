import { dirname, join } from "node:path";
import { isAnnexed, LONGEST_POINTER_BYTES } from "../annex/annexed_files.ts";
import { readSmallBlobs } from "../git/cat_file.ts";
import { LINK_MODE } from "../git/changes.ts";
import { isInside } from "../paths/root_paths.ts";
import type { DeepFile } from "./deep_files.ts";
import type { FileVersion } from "./file_commits.ts";
import type { Provenance } from "./provenance.ts";

/** What a run read, as far as its record tells. */
export interface ReadFile {
  /** Where it lies: a subdataset, or `.`. */
  readonly place: string;
  /** Relative to that. */
  readonly pathInPlace: string;
  /** The name of its content as a blob. */
  readonly oid?: string;
  /** `true` if HEAD had it not like this. */
  readonly isUnsaved?: true;
}

/**
 * Finds where commits have versions of which the content's own name is known, if git has them under another: as an
 * annexed file, or as the file that a link leads to. Git is asked only about links, and files that differ in name.
 *
 * @param atHead what HEAD had at their paths when the job was submitted.
 * @returns paths relative to where the input lies; the others are absent.
 */
export async function findCommitted<T extends ReadFile>(
  provenance: Provenance,
  atHead: ReadonlyMap<T, DeepFile>,
): Promise<Map<T, FileVersion>> {
  const committed = new Map<T, FileVersion>();
  const doubtful = [...atHead].filter(([input, { oid }]) =>
    input.oid !== undefined && input.oid !== oid && input.isUnsaved !== true
  );
  for (const [place, group] of Map.groupBy(doubtful, ([input]) => input.place)) {
    const { git } = (await provenance.at(place)).dataset;
    const oids = group.map(([, { oid }]) => oid);
    const texts = await readSmallBlobs(git, oids, LONGEST_POINTER_BYTES);
    for (const [input, { mode, oid }] of group) {
      const path = input.pathInPlace;
      const text = texts.get(oid);
      if (text === undefined) continue;
      if (isAnnexed(text)) committed.set(input, { path, oid });
      else if (mode === LINK_MODE) {
        const target = join(dirname(path), text);
        if (isInside(target)) committed.set(input, { path: target, oid: input.oid! });
      }
    }
  }
  return committed;
}
