import { joinBytes } from "../process/join_bytes.ts";
import { textOf } from "../process/runner.ts";
import { BATCH, batchOf } from "./cat_file.ts";
import type { Git } from "./git.ts";
import { gitFailed } from "./git.ts";

/** Is handed blobs piece by piece. */
export interface BlobVisitor {
  /** Before the first piece of the blob at place `at` of those that were asked for. */
  begin?(at: number, size: number): void;
  /** A piece, to be used or copied at once. */
  piece(at: number, bytes: Uint8Array): void;
  /** After the last piece. */
  end?(at: number): void;
}

/**
 * Reads objects with one `git cat-file`, in the order in which they are named, without keeping them: however
 * large they are, no more than a pipe's buffer is in memory.
 *
 * @param oids may name one several times.
 * @returns the places of those that are not there.
 * @throws What the visitor throws, and {@linkcode gitFailed}.
 */
export async function streamBlobs(
  git: Git,
  oids: readonly string[],
  visitor: BlobVisitor,
): Promise<number[]> {
  if (oids.length === 0) return [];
  const reader = new BatchReader(visitor);
  const given = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  try {
    const result = await git.run(BATCH, {
      stdin: batchOf(oids),
      signal: given.signal,
      onStdout(piece) {
        if (failure !== undefined) return;
        try {
          reader.add(piece);
        } catch (error) {
          // Thrown from here it would leave git running.
          failure = { error };
          given.abort(error);
        }
      },
    });
    if (failure === undefined && result.code !== 0) throw gitFailed(BATCH, result);
  } catch (error) {
    throw failure === undefined ? error : failure.error;
  }
  if (failure !== undefined) throw failure.error;
  return reader.missing;
}

const LINE_END = 0x0a;

/** Reads git-cat-file(1) --batch: "oid type size", content, line end; or "oid missing". */
class BatchReader {
  readonly missing: number[] = [];
  readonly #visitor: BlobVisitor;
  #at = 0;
  /** Of a header that has not come whole. */
  #header: Uint8Array[] = [];
  /** Bytes of the content that are still to come; `undefined` within a header. */
  #left: number | undefined;

  constructor(visitor: BlobVisitor) {
    this.#visitor = visitor;
  }

  add(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) rest = this.#left === undefined ? this.#head(rest) : this.#body(rest);
  }

  #head(bytes: Uint8Array): Uint8Array {
    const end = bytes.indexOf(LINE_END);
    if (end < 0) {
      this.#header.push(bytes.slice());
      return bytes.subarray(bytes.length);
    }
    const line = textOf(joinBytes([...this.#header, bytes.subarray(0, end)]));
    this.#header = [];
    const size = /^[0-9a-f]+ [a-z]+ ([0-9]+)$/.exec(line)?.[1];
    if (size === undefined) this.missing.push(this.#at++);
    else {
      this.#left = Number(size);
      this.#visitor.begin?.(this.#at, this.#left);
    }
    return bytes.subarray(end + 1);
  }

  #body(bytes: Uint8Array): Uint8Array {
    const left = this.#left!;
    const piece = bytes.subarray(0, left);
    if (piece.length > 0) this.#visitor.piece(this.#at, piece);
    this.#left = left - piece.length;
    if (piece.length === bytes.length) return bytes.subarray(bytes.length);
    // The line end behind the content.
    this.#left = undefined;
    this.#visitor.end?.(this.#at++);
    return bytes.subarray(piece.length + 1);
  }
}
