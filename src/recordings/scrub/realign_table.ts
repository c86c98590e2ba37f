interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Puts the columns of a scrubbed table back under their heads: stand-ins are shorter or longer than the
 * names, and who reads by columns (`cut -c`), or by their heads, would read something else.
 *
 * @param before the table as it was; its head is the line number `head`.
 * @param after the same with stand-ins.
 * @returns `after` with other blanks; a value that does not fit moves those behind it.
 */
export function realignTable(before: string, after: string, head: number): string {
  const oldLines = before.split("\n");
  const newLines = after.split("\n");
  if (oldLines.length !== newLines.length) return after;
  const heads = wordsOf(oldLines[head] ?? "");
  return newLines.map((line, index) =>
    index <= head || line === oldLines[index] ? line : realignRow(oldLines[index]!, line, heads)
  ).join("\n");
}

function realignRow(before: string, after: string, heads: readonly Word[]): string {
  const oldWords = wordsOf(before);
  const newWords = wordsOf(after);
  if (oldWords.length !== newWords.length) return after;
  let row = "";
  for (const [index, { text }] of newWords.entries()) {
    const was = oldWords[index]!;
    const start = isRightAligned(was, heads) ? was.end - text.length : was.start;
    row = row.padEnd(Math.max(start, index === 0 ? 0 : row.length + 1)) + text;
  }
  return row.padEnd(/\s$/.test(before) ? before.length : 0);
}

function isRightAligned({ start, end }: Word, heads: readonly Word[]): boolean {
  return heads.some((head) => head.end === end && head.start !== start);
}

function wordsOf(line: string): Word[] {
  return [...line.matchAll(/\S+/g)].map(({ 0: text, index }) => ({
    text,
    start: index,
    end: index + text.length,
  }));
}
