/** One piece of a line: a field, and what stands behind it. */
export interface LinePart<Field> {
  /** Missing for text that stands before the first field. */
  readonly field: Field | undefined;
  /** Negative aligns to the left, 0 takes as much as is needed. */
  readonly width: number;
  /** Printed as it stands, up to the next field. */
  readonly suffix: string;
}

/** Reads `--format`: `%[.][width]letter` and text between. Calls `complain` for unknown letters. */
export function parseLetterFormat<Field>(
  format: string,
  fields: Readonly<Record<string, Field>>,
  complain: (name: string) => void,
): LinePart<Field>[] {
  const [prefix = ""] = format.split("%", 1);
  const parts = [...format.matchAll(/%(\.?)(\d*)(.)([^%]*)/g)].map(
    ([whole, dot, width, letter = "", suffix = ""]): LinePart<Field> => {
      const field = fields[letter];
      if (field !== undefined) return { field, width: toWidth(dot, width), suffix };
      complain(letter);
      return { field, width: 0, suffix: whole };
    },
  );
  return prefix === "" ? parts : [{ field: undefined, width: 0, suffix: prefix }, ...parts];
}

/** Reads `--Format`: `name[:[.][width][suffix]]`, separated by commas; the default width is 20. */
export function parseNamedFormat<Field>(
  format: string,
  find: (name: string) => Field | undefined,
  complain: (name: string) => void,
): LinePart<Field>[] {
  return format.split(",").flatMap((word) => {
    const [, name = "", layout = "20"] = /^([^:]*)(?::(.*))?$/s.exec(word) ?? [];
    const field = find(name.trim().toLowerCase());
    const [, dot, width, suffix = ""] = /^(\.?)(\d*)(.*)$/s.exec(layout) ?? [];
    if (field !== undefined) return [{ field, width: toWidth(dot, width), suffix }];
    complain(name);
    return [];
  });
}

function toWidth(dot: string | undefined, width: string | undefined): number {
  return dot === "." ? Number(width) : -Number(width);
}

/** Writes one line; `textOf` gives the text of each of its fields. */
export function renderLine<Field>(
  parts: readonly LinePart<Field>[],
  textOf: (field: Field) => string,
): string {
  const texts = parts.map(({ field, width, suffix }) => {
    const text = field === undefined ? "" : textOf(field);
    const cut = width === 0 ? text : text.slice(0, Math.abs(width));
    return (width < 0 ? cut.padEnd(-width) : cut.padStart(width)) + suffix;
  });
  return `${texts.join("")}\n`;
}
