/**
 * The names behind a host list: `n[01-03,7],login`, `r[1-2]n[1-4]`. A width that is given by leading
 * zeros stays. Of several brackets the last counts fastest and the one before it slowest, as in Slurm.
 */
export function expandHosts(list: string): string[] {
  return list.split(/,(?![^[]*\])/).flatMap((word) => {
    const match = BRACKETS.exec(word);
    if (match === null) return [word];
    const [, before = "", ranges = "", after = ""] = match;
    const numbers = expandRanges(ranges);
    return expandBefore(before).flatMap((start) => numbers.map((at) => `${start}${at}${after}`));
  });
}

/** The last brackets of a word, and what stands before and behind them. */
const BRACKETS = /^(.*)\[([\d,-]+)\](.*)$/;

function expandBefore(word: string): string[] {
  const match = BRACKETS.exec(word);
  if (match === null) return [word];
  const [, before = "", ranges = "", after = ""] = match;
  return expandRanges(ranges).flatMap((at) => expandBefore(`${before}${at}${after}`));
}

function expandRanges(ranges: string): string[] {
  return ranges.split(",").flatMap((range) => {
    const [first = "", last = first] = range.split("-");
    const numbers: string[] = [];
    for (let at = Number(first); at <= Number(last); at++) {
      numbers.push(String(at).padStart(first.length, "0"));
    }
    return numbers;
  });
}

/** The host list of names; those that differ in a number at their end alone share brackets. */
export function collapseHosts(names: readonly string[]): string {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const [, stem = name, number = ""] = /^(.*?)(\d*)$/.exec(name) ?? [];
    groups.set(stem, [...groups.get(stem) ?? [], number]);
  }
  return [...groups].map(([stem, numbers]) => {
    if (numbers.length === 1) return stem + numbers[0];
    return `${stem}[${toRanges(numbers).join(",")}]`;
  }).join(",");
}

function toRanges(numbers: readonly string[]): string[] {
  const ranges: string[] = [];
  for (let at = 0; at < numbers.length;) {
    const first = numbers[at]!;
    let last = first;
    while (
      numbers[at + 1]?.length === last.length && Number(numbers[at + 1]) === Number(last) + 1
    ) {
      at++;
      last = numbers[at]!;
    }
    at++;
    ranges.push(first === last ? first : `${first}-${last}`);
  }
  return ranges;
}
