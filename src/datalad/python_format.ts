/** A replacement field of Python's format strings: `{name[index]!conversion:spec}`. */
export interface FormatField {
  /** Before the first index. */
  readonly name: string;
  /** What stands in brackets, in order. */
  readonly indices: readonly string[];
  /** Letter behind `!`. */
  readonly conversion: string | undefined;
  /** What stands behind `:`, fields in it not filled yet. */
  readonly spec: string;
  /** As it stands in the template, with its braces. */
  readonly text: string;
}

/**
 * Takes a format string of Python apart, as `str.format` does (Python, "Format String Syntax"): texts,
 * with doubled braces made single, and fields.
 *
 * @throws {SyntaxError} If braces or brackets do not match.
 */
export function parseFormat(template: string): (string | FormatField)[] {
  const pieces: (string | FormatField)[] = [];
  let literal = "";
  for (let at = 0; at < template.length;) {
    const character = template[at]!;
    if (character !== "{" && character !== "}") {
      literal += character;
      at++;
    } else if (template[at + 1] === character) {
      literal += character;
      at += 2;
    } else if (character === "}") {
      throw new SyntaxError('there is a single "}"');
    } else {
      const { field, end } = parseField(template, at);
      pieces.push(literal, field);
      literal = "";
      at = end;
    }
  }
  pieces.push(literal);
  return pieces.filter((piece) => piece !== "");
}

function parseField(template: string, start: number): { field: FormatField; end: number } {
  const endOfName = findEndOfName(template, start + 1);
  let at = endOfName;
  let conversion: string | undefined;
  if (template[at] === "!") {
    conversion = template[at + 1];
    at += 2;
    if (conversion === undefined || !/^[}:]$/.test(template[at] ?? "")) {
      throw new SyntaxError('a "!" needs one letter after it');
    }
  }
  const startOfSpec = at + 1;
  const end = template[at] === ":" ? findEndOfSpec(template, startOfSpec) : at;
  const spec = template.slice(startOfSpec, end);
  const text = template.slice(start, end + 1);
  const name = template.slice(start + 1, endOfName);
  return { field: { ...splitName(name), conversion, spec, text }, end: end + 1 };
}

function findEndOfName(template: string, start: number): number {
  for (let at = start; at < template.length; at++) {
    const character = template[at]!;
    if (character === "{") throw new SyntaxError('the name of a placeholder has a "{" in it');
    if (/[}:!]/.test(character)) return at;
    if (character === "[") {
      at = template.indexOf("]", at);
      if (at < 0) break;
    }
  }
  throw new SyntaxError('a "{" has no "}"');
}

function findEndOfSpec(template: string, start: number): number {
  let depth = 1;
  for (let at = start; at < template.length; at++) {
    if (template[at] === "{") depth++;
    if (template[at] === "}" && --depth === 0) return at;
  }
  throw new SyntaxError('a "{" has no "}"');
}

function splitName(text: string): { name: string; indices: string[] } {
  const name = /^[^[]*/.exec(text)![0];
  const rest = text.slice(name.length);
  const indices = [...rest.matchAll(/\[([^\]]+)\]/g)];
  if (indices.map(([whole]) => whole).join("") !== rest) {
    throw new SyntaxError(`"${rest}" is no index`);
  }
  return { name, indices: indices.map(([, index]) => index!) };
}

/** Longer arguments no system takes: execve(2), MAX_ARG_STRLEN. */
const MOST_WIDTH = 131_072;

/** `[[fill]align][0][width][.precision][s]`: what Python allows of a text. */
const SPEC_REGEXP = /^(?:([\s\S])?([<>^]))?(0)?([0-9]+)?(?:\.([0-9]+))?s?$/u;

/**
 * Pads or cuts a text as Python's format specification says; lengths count code points.
 *
 * @throws {SyntaxError} If the specification is none for texts.
 */
export function formatText(text: string, spec: string): string {
  const match = SPEC_REGEXP.exec(spec);
  if (match === null) throw new SyntaxError(`":${spec}" is no format of a text`);
  const [, givenFill, align = "<", zero, width = "0", precision] = match;
  if (Number(width) > MOST_WIDTH) {
    throw new SyntaxError(`":${spec}" asks for more characters than a command can have`);
  }
  const fill = givenFill ?? (zero === undefined ? " " : "0");
  const characters = [...text].slice(0, precision === undefined ? undefined : Number(precision));
  const missing = Math.max(0, Number(width) - characters.length);
  const before = align === ">" ? missing : align === "^" ? Math.floor(missing / 2) : 0;
  return fill.repeat(before) + characters.join("") + fill.repeat(missing - before);
}

/**
 * Renders a text, or a list of texts, as Python's `repr` does.
 *
 * @param isAscii as `ascii` does: all but ASCII is escaped.
 */
export function pythonRepr(value: string | readonly string[], isAscii = false): string {
  if (typeof value !== "string") {
    return `[${value.map((item) => pythonRepr(item, isAscii)).join(", ")}]`;
  }
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = [...value].map((character) => {
    if (character === quote || character === "\\") return `\\${character}`;
    const short = SHORT_ESCAPES[character];
    if (short !== undefined) return short;
    const isPlain = isAscii ? /^[ -~]$/.test(character) : !UNPRINTABLE_REGEXP.test(character);
    return isPlain ? character : escapeCodePoint(character.codePointAt(0)!);
  });
  return `${quote}${escaped.join("")}${quote}`;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** Python's `str.isprintable`: categories "other" and "separator", but for the blank. */
const UNPRINTABLE_REGEXP = /^(?! )[\p{C}\p{Z}]$/u;

function escapeCodePoint(code: number): string {
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}
