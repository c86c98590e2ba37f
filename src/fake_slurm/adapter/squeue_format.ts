import { LETTER_FIELDS, NAMED_FIELDS, type QueueField } from "./squeue_fields.ts";

/** One piece of a line: a field, and what stands behind it. */
export interface QueuePart {
  /** Missing for text that stands before the first field. */
  readonly field: QueueField | undefined;
  /** Negative aligns to the left, 0 takes as much as is needed. */
  readonly width: number;
  /** Printed as it stands, up to the next field. */
  readonly suffix: string;
}

/** Reads `--format`: `%[.][width]letter` and text between. Calls `complain` for unknown letters. */
export function parseLetterFormat(format: string, complain: (name: string) => void): QueuePart[] {
  const parts: QueuePart[] = [];
  const [prefix = ""] = format.split("%", 1);
  if (prefix !== "") parts.push({ field: undefined, width: 0, suffix: prefix });
  for (
    const [whole, dot, width, letter = "", suffix = ""] of format.matchAll(
      /%(\.?)(\d*)(.)([^%]*)/g,
    )
  ) {
    const field = LETTER_FIELDS[letter];
    if (field === undefined) {
      complain(letter);
      parts.push({ field: undefined, width: 0, suffix: whole });
      continue;
    }
    const size = Number(width);
    parts.push({ field, width: dot === "." ? size : -size, suffix });
  }
  return parts;
}

/** Reads `--Format`: `name[:[.][width][suffix]]`, separated by commas; the default width is 20. */
export function parseNamedFormat(format: string, complain: (name: string) => void): QueuePart[] {
  const parts: QueuePart[] = [];
  for (const word of format.split(",")) {
    const [, name = "", layout] = /^([^:]*)(?::(.*))?$/.exec(word) ?? [];
    const found = NAMED_FIELDS[name.trim().toLowerCase()];
    if (found === undefined) {
      complain(name);
      continue;
    }
    const [, dot = "", width = "", suffix = ""] = /^(\.?)(\d*)(.*)$/.exec(layout ?? "20") ?? [];
    const size = Number(width);
    const field = typeof found === "string" ? LETTER_FIELDS[found]! : found;
    parts.push({ field, width: dot === "." ? size : -size, suffix });
  }
  return parts;
}
