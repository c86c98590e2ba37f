/** What of two texts may differ. */
export interface TextRules {
  /** What matches one of these is left out on both sides. */
  readonly ignore: readonly RegExp[];
  /** Numbers may differ by so much of the larger one; absent: not at all. */
  readonly tolerance?: number;
}

/** How two texts stand to each other. */
export interface TextComparison {
  /** Whether they are the same by the rules. */
  readonly isSame: boolean;
  /** How many numbers were compared within the tolerance. */
  readonly numbers: number;
  /** The largest difference among those, as part of the larger number. */
  readonly largest: number;
  /** The first lines that differ, as they are; where a text has ended, it is absent. */
  readonly differences: readonly LineDifference[];
  /** How line breaks differ, which no line shows; absent if they do not. */
  readonly lineBreaks?: LineBreaks;
}

/** `last` if one text alone has a line break at its end, `other` if lines end in CRLF in one and in LF in the other. */
export type LineBreaks = "last" | "other";

/** A line of two texts. */
export interface LineDifference {
  /** From 1. */
  readonly line: number;
  /** In the first text. */
  readonly before?: string;
  /** In the second one. */
  readonly after?: string;
}

/** At most so many differing lines are given. */
const MOST_LINES = 3;

/**
 * Compares texts line by line. A line break is text, too: where it is another one, or the last one is missing, the
 * texts are the same only if what is ignored matches it.
 */
export function compareTexts(before: string, after: string, rules: TextRules): TextComparison {
  const one = linesOf(before);
  const other = linesOf(after);
  const differences: LineDifference[] = [];
  let isSame = true;
  let numbers = 0;
  let largest = 0;
  let lineBreaks: LineBreaks | undefined;
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const isLast = at === one.length - 1 && at === other.length - 1;
    lineBreaks = compareBreaks(one[at], other[at], isLast, rules) ?? lineBreaks;
    const compared = compareLines(one[at]?.text, other[at]?.text, rules);
    if (compared === undefined) {
      isSame = false;
      if (differences.length === MOST_LINES) break;
      differences.push({
        line: at + 1,
        ...(one[at] === undefined ? {} : { before: one[at]!.text }),
        ...(other[at] === undefined ? {} : { after: other[at]!.text }),
      });
      continue;
    }
    numbers += compared.numbers;
    largest = Math.max(largest, compared.largest);
  }
  if (lineBreaks === undefined) return { isSame, numbers, largest, differences };
  return { isSame: false, numbers, largest, differences, lineBreaks };
}

interface Line {
  readonly text: string;
  /** Its line break; empty where the text ends without one. */
  readonly end: "\r\n" | "\n" | "";
}

function linesOf(text: string): Line[] {
  const lines = text.split("\n");
  const rest = lines.pop()!;
  const ended = lines.map((line): Line =>
    line.endsWith("\r") ? { text: line.slice(0, -1), end: "\r\n" } : { text: line, end: "\n" }
  );
  return rest === "" ? ended : [...ended, { text: rest, end: "" }];
}

/** `undefined` if they are the same by the rules, or if a line that follows tells the difference. */
function compareBreaks(
  before: Line | undefined,
  after: Line | undefined,
  isLast: boolean,
  { ignore }: TextRules,
): LineBreaks | undefined {
  if (before === undefined || after === undefined || before.end === after.end) return undefined;
  const isOneMissing = before.end === "" || after.end === "";
  if (isOneMissing && !isLast) return undefined;
  const [one, other] = [before, after].map(({ end }) =>
    [...end].map((character) => strip(character, ignore)).join("")
  );
  if (one === other) return undefined;
  return isOneMissing ? "last" : "other";
}

function strip(text: string, ignore: readonly RegExp[]): string {
  return ignore.reduce((rest, one) => rest.replace(one, ""), text);
}

/** `undefined` if they differ. */
function compareLines(
  before: string | undefined,
  after: string | undefined,
  { ignore, tolerance }: TextRules,
): { readonly numbers: number; readonly largest: number } | undefined {
  if (before === undefined || after === undefined) return undefined;
  const [one, other] = [strip(before, ignore), strip(after, ignore)];
  if (one === other) return { numbers: 0, largest: 0 };
  if (tolerance === undefined) return undefined;
  const [apart, otherApart] = [takeApart(one), takeApart(other)];
  const isAlike = apart.texts.length === otherApart.texts.length &&
    apart.texts.every((text, at) => text === otherApart.texts[at]);
  if (!isAlike) return undefined;
  let largest = 0;
  for (const [at, word] of apart.words.entries()) {
    const distance = distanceOf(word, otherApart.words[at]!);
    if (distance > tolerance) return undefined;
    largest = Math.max(largest, distance);
  }
  // A comma may part columns, or stand before decimals: the numbers have to be alike in both readings.
  const [joined, otherJoined] = [apart.withDecimals, otherApart.withDecimals];
  const areAlike = joined.length === otherJoined.length &&
    joined.every((word, at) => distanceOf(word, otherJoined[at]!) <= tolerance);
  return areAlike ? { numbers: apart.words.length, largest } : undefined;
}

/**
 * Numbers that stand alone: those in names, `a10`, `3f2a`, are text, and so is what follows a letter and a sign, as in
 * `x-10`. Fortran writes exponents with a D.
 */
const NUMBER_REGEXP =
  /(?<![\p{L}\p{N}_.])(?<!\p{L}[-+])[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][-+]?[0-9]+)?|nan|inf(?:inity)?)(?![\p{L}\p{N}_])/giu;

interface LineApart {
  /**
   * What stands between numbers. Of several blanks one counts, and beside a number none, which may be right-aligned; a
   * tab stands for a column.
   */
  readonly texts: readonly string[];
  readonly words: readonly string[];
  /** The numbers that there are if a comma between digits stands before decimals. */
  readonly withDecimals: readonly string[];
}

function takeApart(line: string): LineApart {
  const texts = line.split(NUMBER_REGEXP)
    .map((text) => text.replace(/^ +| +$/g, "").replace(/ +/g, " "));
  const found = [...line.matchAll(NUMBER_REGEXP)];
  const withDecimals = found.flatMap(({ 0: word, index }, at) => {
    const before = found[at - 1];
    const isBehindComma = before !== undefined && line[index - 1] === "," &&
      before.index + before[0].length === index - 1;
    if (!isBehindComma || !/^[0-9]+$/.test(word)) return [];
    if (INTEGER_REGEXP.test(before[0])) return [`${before[0]}.${word}`];
    // As in 1.234,01.
    return word.startsWith("0") ? [`0.${word}`] : [];
  });
  return { texts, words: found.map(([word]) => word), withDecimals };
}

/** `undefined` for a number that is beyond what can be calculated with. */
function toNumber(word: string): number | undefined {
  const [, sign, name] = /^([-+]?)(nan|inf)/i.exec(word) ?? [];
  if (name !== undefined) {
    return name.toLowerCase() === "nan" ? NaN : sign === "-" ? -Infinity : Infinity;
  }
  const value = Number(word.replace(/d/i, "e"));
  const isZero = !/[1-9]/.test(word.replace(/[ed].*$/i, ""));
  return Number.isFinite(value) && (value === 0) === isZero ? value : undefined;
}

const INTEGER_REGEXP = /^[-+]?[0-9]+$/;

/** As part of the larger one; no number at all is like no number. */
function distanceOf(word: string, otherWord: string): number {
  if (word === otherWord) return 0;
  const [one, other] = [toNumber(word), toNumber(otherWord)];
  if (one === undefined || other === undefined) return Infinity;
  if (Number.isNaN(one) && Number.isNaN(other)) return 0;
  const largest = Math.max(Math.abs(one), Math.abs(other));
  // Such as IDs, of which two may be one number in floating point.
  const areExact = largest > Number.MAX_SAFE_INTEGER &&
    INTEGER_REGEXP.test(word) && INTEGER_REGEXP.test(otherWord);
  const difference = areExact
    ? Math.abs(Number(BigInt(word.replace("+", "")) - BigInt(otherWord.replace("+", ""))))
    : one === other
    ? 0
    : Math.abs(one - other);
  if (difference === 0) return 0;
  const distance = difference / largest;
  return Number.isFinite(distance) ? distance : Infinity;
}
