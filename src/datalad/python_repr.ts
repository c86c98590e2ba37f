/**
 * Renders texts as Python's `repr` renders a list of them, which is how `datalad run --dry-run` shows
 * paths: single quotes, unless a text holds one and no double quote; control characters escaped.
 */
export function pythonListRepr(texts: readonly string[]): string {
  return `[${texts.map(pythonRepr).join(", ")}]`;
}

function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replaceAll("\\", "\\\\")
    .replaceAll(UNPRINTABLE_REGEXP, (character) => ESCAPES[character] ?? hexEscape(character));
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

// Separators other than the blank count as unprintable, too (Python's str.isprintable).
const UNPRINTABLE_REGEXP = /(?! )[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Z}]/gu;

function hexEscape(character: string): string {
  const code = character.codePointAt(0)!;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff
    ? `\\u${code.toString(16).padStart(4, "0")}`
    : `\\U${code.toString(16).padStart(8, "0")}`;
}
