/**
 * File names as Git has them, bytes, in strings: valid UTF-8 reads as itself, each other byte 0xNN as
 * the lone surrogate U+DCNN (Python's "surrogateescape"). Encoding gives the same bytes back.
 *
 * @module
 */
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();
const LONE_BYTE_REGEXP = /[\uDC80-\uDCFF]/u;

/** Reads a file name from bytes. */
export function decodePath(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return decodePiecewise(bytes);
  }
}

/** Gives the bytes of a file name that {@linkcode decodePath} read. */
export function encodePath(path: string): Uint8Array {
  if (!LONE_BYTE_REGEXP.test(path)) return ENCODER.encode(path);
  const bytes: number[] = [];
  for (const character of path) {
    const code = character.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...ENCODER.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** Whether the name is valid UTF-8, so that the file can be reached through the runtime's own calls. */
export function isReachable(path: string): boolean {
  return !LONE_BYTE_REGEXP.test(path);
}

/** The name as the runtime's own calls give it, where it is not valid UTF-8 with U+FFFD in it. */
export function lossyPath(path: string): string {
  return isReachable(path) ? path : new TextDecoder().decode(encodePath(path));
}

/** Splits NUL-terminated output into its items. */
export function* splitNul(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  while (start < bytes.length) {
    let end = bytes.indexOf(0, start);
    if (end < 0) end = bytes.length;
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** Joins file names for a command's `-z --stdin`, each ended by NUL. */
export function joinNul(paths: Iterable<string>): Uint8Array {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (const path of paths) {
    const bytes = encodePath(path);
    pieces.push(bytes);
    length += bytes.length + 1;
  }
  const all = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length + 1;
  }
  return all;
}

/**
 * Quotes a file name as Git's C-style quoting has it (core.quotePath), only where needed.
 * git-fast-import(1) and `git hash-object --stdin-paths` read it back.
 */
export function quotePath(path: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what must be quoted
  if (!/["\\\x00-\x1f\x7f\uDC80-\uDCFF]/u.test(path)) return path;
  let quoted = "";
  for (const byte of encodePath(path)) {
    if (byte === 0x22 || byte === 0x5c) quoted += `\\${String.fromCharCode(byte)}`;
    else if (byte < 0x20 || byte >= 0x7f) quoted += `\\${byte.toString(8).padStart(3, "0")}`;
    else quoted += String.fromCharCode(byte);
  }
  return `"${quoted}"`;
}

function decodePiecewise(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at);
    if (length === 0) text += String.fromCharCode(0xdc00 + bytes[at++]!);
    else {
      text += STRICT.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Length of the valid UTF-8 sequence at `at`, 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    STRICT.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
