/**
 * Text that others have written, to be read by people: what files are called, what jobs are named, what other
 * programs say. On a terminal it could move the cursor, clear the screen, turn the direction of writing
 * around, or look like a line of ours.
 *
 * @module
 */

/**
 * Control and format characters, line separators, and halves of characters; not the format characters that
 * letters and emoji are joined with, nor those that are seen.
 */
const UNSEEN_REGEXP =
  /(?![\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** All that most text has: what of it cannot be seen need not be looked for, which takes ms to get ready. */
const SEEN_REGEXP = /^[\x20-\x7e]*$/;
const SEEN_LINES_REGEXP = /^[\x20-\x7e\n\t]*$/;

const NAMED: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** One line of text: of what cannot be seen the escape is shown, of line breaks and tabs as well. */
export function visibleLine(text: string): string {
  if (SEEN_REGEXP.test(text)) return text;
  return text.replace(UNSEEN_REGEXP, escaped);
}

/** Lines of text: of what cannot be seen the escape is shown, but line breaks and tabs stay. */
export function visibleText(text: string): string {
  if (SEEN_LINES_REGEXP.test(text)) return text;
  return text.replace(
    UNSEEN_REGEXP,
    (character) => /[\n\t]/.test(character) ? character : escaped(character),
  );
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  // A byte of a file name that is no text: path_bytes.ts.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  const digits = code.toString(16);
  return NAMED[character] ??
    (code < 0x100
      ? `\\x${digits.padStart(2, "0")}`
      : code < 0x10000
      ? `\\u${digits.padStart(4, "0")}`
      : `\\u{${digits}}`);
}
