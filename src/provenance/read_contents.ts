import { join } from "node:path";
import { askAnnex } from "../annex/git_annex.ts";
import { isAbsence } from "../fs/if_present.ts";
import { readBlobs, readSizes } from "../git/cat_file.ts";
import type { NamedFile } from "./compared_output.ts";
import type { Provenance } from "./provenance.ts";

/** Why there is no text. */
export type NoText = "too large" | "not here" | "no text";

/** Larger contents are told apart by their names alone. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/**
 * Reads contents as text, from git and from the annex; a few git processes for each dataset. Nothing is
 * fetched.
 */
export async function readTexts(
  provenance: Provenance,
  files: readonly NamedFile[],
): Promise<Map<NamedFile, { readonly text: string } | NoText>> {
  const found = new Map<NamedFile, { readonly text: string } | NoText>();
  for (const [place, group] of Map.groupBy(files, (file) => file.place)) {
    const { dataset } = await provenance.at(place);
    const annexed = group.filter(({ key }) => key !== undefined);
    const inGit = group.filter(({ key }) => key === undefined);
    const sizes = await readSizes(dataset.git, inGit.map(({ oid }) => oid));
    const small = inGit.filter(({ oid }) => (sizes.get(oid) ?? Infinity) <= LARGEST_BYTES);
    const blobs = small.length === 0
      ? new Map<string, string>()
      : await readBlobs(dataset.git, new Set(small.map(({ oid }) => oid)));
    for (const file of inGit) {
      const text = blobs.get(file.oid);
      const isThere = sizes.has(file.oid);
      found.set(file, text !== undefined ? asText(text) : isThere ? "too large" : "not here");
    }
    if (annexed.length === 0) continue;
    const keys = annexed.map(({ key }) => key!);
    const places = await askAnnex(dataset.git, ["contentlocation"], keys) ?? [];
    for (const [at, file] of annexed.entries()) {
      found.set(file, await readObject(dataset.root, places[at] ?? ""));
    }
  }
  return found;
}

async function readObject(root: string, object: string): Promise<{ text: string } | NoText> {
  if (object === "") return "not here";
  try {
    const file = join(root, object);
    if ((await Deno.stat(file)).size > LARGEST_BYTES) return "too large";
    // A byte order mark is part of it.
    return asText(new TextDecoder("utf-8", { ignoreBOM: true }).decode(await Deno.readFile(file)));
  } catch (error) {
    if (isAbsence(error)) return "not here";
    throw error;
  }
}

/** What is not UTF-8 must not look the same for it. */
function asText(text: string): { text: string } | NoText {
  return /[\0\uFFFD]/.test(text) ? "no text" : { text };
}
