/** The names behind a host list: `n[01-03,7],login`. A width that is given by leading zeros stays. */
export function expandHosts(list: string): string[] {
  return list.split(/,(?![^[]*\])/).flatMap((word) => {
    const match = /^(.*)\[([\d,-]+)\](.*)$/.exec(word);
    if (match === null) return [word];
    const [, before = "", ranges = "", after = ""] = match;
    return ranges.split(",").flatMap((range) => {
      const [first = "", last = first] = range.split("-");
      const names: string[] = [];
      for (let at = Number(first); at <= Number(last); at++) {
        names.push(`${before}${String(at).padStart(first.length, "0")}${after}`);
      }
      return names;
    });
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
