import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";

/** Blobs that `git cat-file` is to print, with {@linkcode parseBlobs} for its answer. */
export const BATCH: readonly string[] = ["cat-file", "--buffer", "--batch"];

/** Reads blobs as text, with one `git cat-file`; what is no blob is absent. */
export async function readBlobs(git: Git, oids: Iterable<string>): Promise<Map<string, string>> {
  return parseBlobs(await git.require(BATCH, { stdin: batchOf(oids) }));
}

/** What {@linkcode BATCH} reads on standard input: an object's name a line. */
export function batchOf(names: Iterable<string>): string {
  return [...names].map((name) => `${name}\n`).join("");
}

/** The texts of blobs by their object IDs (git-cat-file(1), --batch); what is missing or no blob is absent. */
export function parseBlobs(output: Uint8Array): Map<string, string> {
  const blobs = new Map<string, string>();
  const lineEnd = 0x0a;
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(lineEnd, at);
    // "oid type size", content, line end; or "oid missing".
    const [oid, type, size] = textOf(output.subarray(at, end)).split(" ");
    at = end + 1;
    if (size === undefined) continue;
    if (type === "blob") blobs.set(oid!, textOf(output.subarray(at, at + Number(size))));
    at += Number(size) + 1;
  }
  return blobs;
}
