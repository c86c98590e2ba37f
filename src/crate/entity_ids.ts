import { encodePath } from "../git/path_bytes.ts";

/**
 * What a URI reference cannot have as itself: RFC 3986, and of RFC 3987 the characters beyond ASCII that no
 * IRI has. International characters stay as they are, as RO-Crate 1.1 prefers.
 */
// deno-lint-ignore no-control-regex -- control characters are what must be encoded
const NOT_IN_URI = /[\x00-\x20\x7f-\xa0"#%<>?@[\\\]^`{|}\u2028-\u202f\uD800-\uDFFF\uFFF0-\uFFFF]/gu;

/** A path as a part of an identifier: what would end or change it, and bytes that are no text, as `%XX`. */
export function encodeForId(path: string): string {
  return path.replaceAll(NOT_IN_URI, (character) => percent(encodePath(character)));
}

/** The identifier of a file in the crate: its path, relative to the crate's root. */
export function idOfPayload(path: string): string {
  const encoded = encodeForId(path);
  // "a:b" would be of the scheme "a".
  const end = encoded.indexOf("/");
  const first = end < 0 ? encoded : encoded.slice(0, end);
  return first.replaceAll(":", "%3A") + encoded.slice(first.length);
}

/** The identifier of something that is described only: `#kind/name`. */
export function localId(kind: string, ...names: readonly string[]): string {
  return `#${[kind, ...names.map(encodeForId)].join("/")}`;
}

/** A name as text for people and JSON: of bytes that are no UTF-8, U+FFFD. */
export function textOfPath(path: string): string {
  return new TextDecoder().decode(encodePath(path));
}

function percent(bytes: Uint8Array): string {
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
