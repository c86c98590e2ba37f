import { Inflate, inflateSync } from "fflate";

/** Thrown where a stream goes on behind the bytes at hand. */
export class TruncatedError extends Error {
  /** What `String(error)` begins with. */
  override readonly name = "TruncatedError";
}

/** RFC 1950, 2.2: two bytes stand before the deflated data. */
const HEADER_BYTES = 2;
/** Deflated data gives something once so much of it is there: a stored block, RFC 1951, 3.2.4, has 65,535 bytes. */
const LONGEST_BLOCK = 66_000;
/** fflate's code for data that ends too early. */
const UNEXPECTED_EOF = 0;

/**
 * Inflates a zlib stream (RFC 1950, 1951) to its end, or to `most` bytes; what stands behind it is left
 * alone, as it has to be in a pack. The checksum at the end is not looked at.
 *
 * @throws {TruncatedError} If `input` ends too early.
 * @throws {SyntaxError} If it is no such stream.
 */
export function inflate(input: Uint8Array, most = Infinity): Uint8Array {
  const deflated = deflatedIn(input);
  return explaining(() => inflateSync(deflated)).subarray(0, most);
}

/**
 * Inflates as much of a zlib stream as its first 66 kB give, however long it is and whether it is whole.
 *
 * @throws {TruncatedError} If there is not even a header.
 * @throws {SyntaxError} If it is no such stream.
 */
export function inflateStart(input: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  const stream = new Inflate((part) => parts.push(part));
  explaining(() => stream.push(deflatedIn(input).subarray(0, LONGEST_BLOCK)));
  return parts[0] ?? new Uint8Array();
}

function deflatedIn(input: Uint8Array): Uint8Array {
  if (input.length < HEADER_BYTES) throw new TruncatedError();
  if ((input[0]! & 0x0f) !== 8 || (input[0]! * 256 + input[1]!) % 31 !== 0) {
    throw new SyntaxError("it is no zlib stream");
  }
  return input.subarray(HEADER_BYTES);
}

function explaining<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    if (error.code === UNEXPECTED_EOF) throw new TruncatedError();
    throw new SyntaxError(`it cannot be inflated: ${error.message}`);
  }
}
