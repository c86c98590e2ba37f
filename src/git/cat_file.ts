import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";

/** Blobs that `git cat-file` is to print, with {@linkcode parseBlobs} for its answer. */
export const BATCH: readonly string[] = ["cat-file", "--buffer", "--batch"];

/** Reads blobs as text, with one `git cat-file`; what is no blob is absent. */
export async function readBlobs(git: Git, oids: Iterable<string>): Promise<Map<string, string>> {
  return parseBlobs(await git.require(BATCH, { stdin: batchOf(oids) }));
}

/** Sizes of blobs in bytes, with one git process; what is not there is absent. */
export async function readSizes(
  git: Git,
  oids: readonly string[],
): Promise<Map<string, number>> {
  if (oids.length === 0) return new Map();
  const lines = await git.text(["cat-file", "--batch-check=%(objectname) %(objectsize)"], {
    stdin: [...new Set(oids)].map((oid) => `${oid}\n`).join(""),
  });
  return new Map(
    lines.split("\n").map((line) => line.split(" "))
      .filter(([, size]) => /^[0-9]+$/.test(size ?? ""))
      .map(([oid, size]) => [oid!, Number(size)]),
  );
}

/** As {@linkcode readBlobs}, without those of more than `mostBytes`; two git processes at most. */
export async function readSmallBlobs(
  git: Git,
  oids: readonly string[],
  mostBytes: number,
): Promise<Map<string, string>> {
  const sizes = await readSizes(git, oids);
  const small = [...sizes].filter(([, size]) => size <= mostBytes).map(([oid]) => oid);
  return small.length === 0 ? new Map() : await readBlobs(git, small);
}

/** What {@linkcode BATCH} reads on standard input: an object's name a line. */
export function batchOf(names: Iterable<string>): string {
  return [...names].map((name) => `${name}\n`).join("");
}

/** The texts of blobs by their object IDs; what is missing or no blob is absent. */
export function parseBlobs(output: Uint8Array): Map<string, string> {
  const blobs = new Map<string, string>();
  for (const found of parseBatch(output)) {
    if (found?.type === "blob") blobs.set(found.oid, found.text);
  }
  return blobs;
}

/** An object that git has printed. */
export interface PrintedObject {
  /** Its name, in full length. */
  readonly oid: string;
  /** `blob`, `tree` … */
  readonly type: string;
  /** Its content. */
  readonly text: string;
}

const LINE_END = 0x0a;
/** A byte order mark is part of a content. */
const CONTENT = new TextDecoder("utf-8", { ignoreBOM: true });
const HEADER_REGEXP = /^([0-9a-f]+) ([a-z]+) ([0-9]+)$/;

/** Reads git-cat-file(1), --batch: in the order of the questions what git has, `undefined` for what it has not. */
export function* parseBatch(output: Uint8Array): Generator<PrintedObject | undefined> {
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(LINE_END, at);
    // "oid type size", content, line end; or "name missing".
    const [, oid, type, size] = HEADER_REGEXP.exec(textOf(output.subarray(at, end))) ?? [];
    at = end + 1;
    if (size === undefined) {
      yield undefined;
      continue;
    }
    yield { oid: oid!, type: type!, text: CONTENT.decode(output.subarray(at, at + Number(size))) };
    at += Number(size) + 1;
  }
}
