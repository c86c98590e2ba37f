const ELLIPSIS = "…";
/** Paths are told apart by their folders, commands by their words. */
const PART_REGEXP = /(?<=[/ ])/;
/** A beginning shorter than this is easier to read than an ellipsis. */
const LEAST_START = 3;

/**
 * Ways to write the texts of one column, from the texts as they are to the shortest: what all of them
 * share is left out first, at the start, at the end, in between; then what does not tell a row from those
 * that begin like it. Texts that differ stay different in each of them.
 */
export function shorterWays(texts: readonly string[]): readonly (readonly string[])[] {
  const ways: (readonly string[])[] = [texts];
  const different = new Set(texts).size;
  if (different < 2) return ways;
  const add = (way: readonly string[]) => {
    const isShorter = longest(way) < longest(ways.at(-1)!);
    if (isShorter && new Set(way).size === different) ways.push(way);
  };
  const all = texts.map((text) => text.split(PART_REGEXP));
  const least = Math.min(...all.map((parts) => parts.length));
  const isSame = (at: number) => all.every((parts) => parts.at(at) === all[0]!.at(at));
  let start = 0;
  while (start < least && isSame(start)) start++;
  let end = 0;
  while (end < least - start && isSame(-1 - end)) end++;
  add(all.map((parts) => keepParts(parts, (at) => at >= start)));
  const isInside = (parts: readonly string[], at: number) => at >= start && at < parts.length - end;
  add(all.map((parts) => keepParts(parts, (at) => isInside(parts, at))));
  if (all.every((parts) => parts.length === all[0]!.length)) {
    const differs = all[0]!.map((_, at) => !isSame(at));
    add(all.map((parts) => keepParts(parts, (at) => differs[at]!)));
  }
  const branches = findBranches(all);
  add(all.map((parts, row) => keepParts(parts, (at) => branches[row]!.includes(at))));
  add(all.map((parts, row) => keepParts(parts, (at) => at === branches[row]!.at(-1))));
  const common = commonStart(ways.at(-1)!);
  const rests = ways.at(-1)!.map((text) => text.slice(common));
  if (common >= LEAST_START && rests.every((rest) => /[\p{L}\p{N}]/u.test(rest))) {
    add(rests.map((rest) => ELLIPSIS + rest));
  }
  return ways;
}

/** The text of some of the parts, with an ellipsis for each run of others and what separates it. */
function keepParts(parts: readonly string[], isKept: (at: number) => boolean): string {
  let text = "";
  let run: number | undefined;
  for (const [at, part] of parts.entries()) {
    if (!isKept(at)) run ??= at;
    else {
      // At the start nothing has to be kept apart.
      if (run !== undefined) text += run === 0 ? ELLIPSIS : ELLIPSIS + parts[at - 1]!.slice(-1);
      run = undefined;
      text += part;
    }
  }
  return run === undefined ? text : text + ELLIPSIS;
}

/** For each row the parts at which it leaves others that began like it. */
function findBranches(all: readonly (readonly string[])[]): number[][] {
  const next = new Map<string, Set<string | undefined>>();
  const visit = (parts: readonly string[], see: (start: string, at: number) => void) => {
    let start = "";
    // Where one ends another may go on.
    for (let at = 0; at <= parts.length; start += parts[at++]) see(start, at);
  };
  for (const parts of all) {
    visit(parts, (start, at) => next.getOrInsert(start, new Set()).add(parts[at]));
  }
  return all.map((parts) => {
    const branches: number[] = [];
    visit(parts, (start, at) => {
      if (next.get(start)!.size > 1) branches.push(Math.min(at, parts.length - 1));
    });
    return branches;
  });
}

/** How many characters all texts begin with, without the digits of a number that goes on. */
function commonStart(texts: readonly string[]): number {
  const [first = ""] = texts;
  let length = 0;
  while (length < first.length && texts.every((text) => text[length] === first[length])) length++;
  const kept = first.slice(0, length).replace(/[0-9]+$/, "");
  // Half of a character that takes two is none.
  return kept.length - (/[\ud800-\udbff]$/.test(kept) ? 1 : 0);
}

function longest(texts: readonly string[]): number {
  return texts.reduce((most, { length }) => Math.max(most, length), 0);
}
