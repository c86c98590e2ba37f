/**
 * Reads the text of a configuration file as git does (git-config(1), "Syntax"): values by full name, in the
 * order in which they stand; section and key in lower case, the subsection as written. A key alone stands
 * for `true`. `include` sections are names like any other: nothing else is read.
 *
 * @throws {SyntaxError} Where git would say "bad config line", with the number of that line.
 */
export function parseConfig(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const reader = new Reader(text.replace(/^\ufeff/, "").replaceAll("\r\n", "\n"));
  let section = "";
  for (;;) {
    reader.skip(/(?:[ \t\r\n]|[#;][^\n]*)*/y);
    if (reader.isAtEnd) return found;
    const heading = reader.take(HEADING_REGEXP);
    if (heading !== undefined) {
      section = sectionOf(heading);
      continue;
    }
    const key = reader.take(/([a-z][a-z0-9-]*)[ \t]*(=|(?=\n|$))/iy);
    if (key === undefined) throw reader.fault();
    const name = `${section}${key[1]!.toLowerCase()}`;
    const value = key[2] === "=" ? readValue(reader) : "true";
    found.getOrInsert(name, []).push(value);
  }
}

/** `[section]`, `[section.sub]` or `[section "Sub"]`. */
const HEADING_REGEXP = /\[([a-z0-9.-]+)(?:[ \t\r]+"((?:[^"\\\n]|\\[^\n])*)")?\]/iy;

function sectionOf([, section, subsection]: RegExpExecArray): string {
  const plain = section!.toLowerCase();
  return subsection === undefined
    ? `${plain}.`
    : `${plain}.${subsection.replace(/\\([^])/g, "$1")}.`;
}

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", b: "\b", n: "\n" };

/** Reads to the end of the line: blanks around the value do not count, those in quotes do. */
function readValue(reader: Reader): string {
  let value = "";
  /** Up to where blanks at the end count. */
  let kept = 0;
  let isQuoted = false;
  reader.skip(/[ \t\r]*/y);
  for (;;) {
    const [piece, escaped] = reader.take(/\\([^])|"|[#;]|\n|[ \t\r]+|[^\\"#;\n \t\r]+|$/y) ?? [];
    if (piece === undefined) throw reader.fault();
    if (piece === "" || piece === "\n") {
      if (isQuoted) throw reader.fault(-piece.length);
      return value.slice(0, kept);
    }
    if (piece === '"') isQuoted = !isQuoted;
    else if (escaped === "\n") continue;
    else if (escaped !== undefined) {
      if (!/[tbn\\"]/.test(escaped)) throw reader.fault();
      value += ESCAPES[escaped] ?? escaped;
      kept = value.length;
    } else if (!isQuoted && /^[#;]$/.test(piece)) reader.skip(/[^\n]*/y);
    else {
      value += piece;
      if (isQuoted || !/^[ \t\r]/.test(piece)) kept = value.length;
    }
  }
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** What stands here and fits `pattern`, which is sticky. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  skip(pattern: RegExp): void {
    this.take(pattern);
  }

  fault(offset = 0): SyntaxError {
    const line = this.#text.slice(0, this.#at + offset).split("\n").length;
    return new SyntaxError(`line ${line} is no line of a configuration file`);
  }
}
