/** Blanks, quoted text, an escaped character, or anything else: sh(1), Quoting. */
const PIECE_REGEXP = /[ \t\n]+|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^ \t\n'"\\]+)/gy;

/** What sets a variable, in front of a command. */
export const ASSIGNMENT_REGEXP = /^[A-Za-z_]\w*\+?=/;

/** A word of a shell line. */
export interface PlacedWord {
  /** Without its quotes. */
  readonly text: string;
  /** Where it ends in the line. */
  readonly end: number;
}

/**
 * The words that a shell makes of a line without anything to expand: no `$`, globs, redirections,
 * comments or further commands. The shlex package cannot be asked: it takes a backslash between single
 * quotes for an escape.
 *
 * @throws {SyntaxError} If a quotation is not closed, or a backslash stands at the end.
 */
export function splitShellWords(line: string): string[] {
  return placeShellWords(line).map(({ text }) => text);
}

/** The same with their places; throws as {@linkcode splitShellWords}. */
export function placeShellWords(line: string): PlacedWord[] {
  const words: PlacedWord[] = [];
  let isInWord = false;
  let end = 0;
  for (const match of line.matchAll(PIECE_REGEXP)) {
    end = match.index + match[0].length;
    const [, single, double, escaped, plain] = match;
    if (escaped === "\n") continue; // two lines that are one
    const text = single ?? double?.replace(/\\([$`"\\\n])/g, withoutBackslash) ?? escaped ?? plain;
    if (text !== undefined) {
      const begun = isInWord ? words.pop()!.text : "";
      words.push({ text: begun + text, end });
    }
    isInWord = text !== undefined;
  }
  if (end < line.length) throw new SyntaxError("a quotation is not closed");
  return words;
}

function withoutBackslash(_: string, character: string): string {
  return character === "\n" ? "" : character;
}

/**
 * The first thing in a line that a shell would do more with than split it into words: expand, redirect, run
 * further commands; `undefined` if there is none.
 */
export function findShellSyntax(line: string): string | undefined {
  // Quoted text and escaped characters mean themselves, but for what double quotes leave alive.
  const plain = line.replace(/'[^']*'|"(?:[^"\\$`]|\\[\s\S])*"|\\[\s\S]/g, "");
  return /[$`|&;<>()*?[\n"']|(?<!\S)[~#]/.exec(plain)?.[0];
}
