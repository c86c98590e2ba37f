import { annexKeyOf } from "../annex/annex_key.ts";
import { isAnnexed, LONGEST_POINTER_BYTES } from "../annex/annexed_files.ts";
import { streamBlobs } from "../git/stream_blobs.ts";
import { joinBytes } from "../process/join_bytes.ts";
import { textOf } from "../process/runner.ts";
import { readSizes } from "../git/cat_file.ts";
import type { Provenance } from "../provenance/provenance.ts";

/** A blob that may be a link into the annex, or a pointer. */
export interface BlobInPlace {
  /** The subdataset that has it, or `.`. */
  readonly place: string;
  /** The blob. */
  readonly oid: string;
  /** The mode of the file, where that is known. */
  readonly mode?: string;
}

/** Tells a blob of one dataset from the same one in another: what it leads to may not be there. */
export function nameInPlace(place: string, oid: string): string {
  return `${place}\0${oid}`;
}

/** A pointer's first line is not longer: the longest path. */
const LONGEST_LINE = 4096;

/**
 * Reads git-annex's keys of those files that are annexed, locked or unlocked, with two git processes for
 * each dataset; of the contents no more is kept than a line at a time.
 *
 * @returns by {@linkcode nameInPlace}.
 */
export async function readAnnexKeys(
  provenance: Provenance,
  files: readonly BlobInPlace[],
): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  for (const [place, group] of Map.groupBy(files, (file) => file.place)) {
    const { git } = (await provenance.at(place)).dataset;
    const links = new Set(group.filter(({ mode }) => mode === "120000").map(({ oid }) => oid));
    const sizes = await readSizes(git, [...new Set(group.map(({ oid }) => oid))]);
    const small = [...sizes].filter(([, size]) => size <= LONGEST_POINTER_BYTES)
      .map(([oid]) => oid);
    let start: Uint8Array[] = [];
    let left = 0;
    await streamBlobs(git, small, {
      begin() {
        start = [];
        left = LONGEST_LINE;
      },
      piece(_, bytes) {
        if (left > 0) start.push(bytes.slice(0, left));
        left -= bytes.length;
      },
      end(at) {
        const oid = small[at]!;
        const text = textOf(joinBytes(start));
        const key = links.has(oid) || isAnnexed(text.split("\n", 1)[0]!)
          ? annexKeyOf(text)
          : undefined;
        if (key !== undefined) keys.set(nameInPlace(place, oid), key);
      },
    });
  }
  return keys;
}
