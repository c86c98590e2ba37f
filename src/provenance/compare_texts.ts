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
}

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

/** Compares texts line by line; line breaks of either kind are the same. */
export function compareTexts(before: string, after: string, rules: TextRules): TextComparison {
  const one = linesOf(before);
  const other = linesOf(after);
  const differences: LineDifference[] = [];
  let isSame = true;
  let numbers = 0;
  let largest = 0;
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const compared = compareLines(one[at], other[at], rules);
    if (compared === undefined) {
      isSame = false;
      if (differences.length === MOST_LINES) break;
      differences.push({
        line: at + 1,
        ...(one[at] === undefined ? {} : { before: one[at]! }),
        ...(other[at] === undefined ? {} : { after: other[at]! }),
      });
      continue;
    }
    numbers += compared.numbers;
    largest = Math.max(largest, compared.largest);
  }
  return { isSame, numbers, largest, differences };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** `undefined` if they differ. */
function compareLines(
  before: string | undefined,
  after: string | undefined,
  { ignore, tolerance }: TextRules,
): { readonly numbers: number; readonly largest: number } | undefined {
  if (before === undefined || after === undefined) return undefined;
  const strip = (line: string) => ignore.reduce((rest, one) => rest.replace(one, ""), line);
  const [one, other] = [strip(before), strip(after)];
  if (one === other) return { numbers: 0, largest: 0 };
  if (tolerance === undefined) return undefined;
  const [texts, values] = takeApart(one);
  const [otherTexts, otherValues] = takeApart(other);
  const isAlike = texts.length === otherTexts.length &&
    texts.every((text, at) => text === otherTexts[at]);
  if (!isAlike) return undefined;
  let largest = 0;
  for (const [at, value] of values.entries()) {
    const distance = distanceOf(value, otherValues[at]!);
    if (distance > tolerance) return undefined;
    largest = Math.max(largest, distance);
  }
  return { numbers: values.length, largest };
}

/** Numbers that stand alone: those in names, `a10`, `3f2a`, are text. */
const NUMBER_REGEXP =
  /(?<![\p{L}\p{N}_.])[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|nan|inf(?:inity)?)(?![\p{L}\p{N}_])/giu;

/** What stands between numbers, with one blank for several, and the numbers. */
function takeApart(line: string): [string[], number[]] {
  const texts = line.split(NUMBER_REGEXP).map((text) => text.replace(/\s+/g, " "));
  const values = [...line.matchAll(NUMBER_REGEXP)].map(([word]) => toNumber(word));
  return [texts, values];
}

function toNumber(word: string): number {
  const [, sign, name] = /^([-+]?)(nan|inf)/i.exec(word) ?? [];
  if (name === undefined) return Number(word);
  return name.toLowerCase() === "nan" ? NaN : sign === "-" ? -Infinity : Infinity;
}

/** As part of the larger one; no number at all is like no number. */
function distanceOf(one: number, other: number): number {
  if (one === other || Number.isNaN(one) && Number.isNaN(other)) return 0;
  const distance = Math.abs(one - other) / Math.max(Math.abs(one), Math.abs(other));
  return Number.isFinite(distance) ? distance : Infinity;
}
