/**
 * Renders a value as Python's `json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)` does,
 * the form of DataLad's run records.
 */
export function renderPythonJson(value: unknown): string {
  return render(value, "", 1);
}

/** As {@linkcode renderPythonJson} with `indent=2` and the keys in their own order, as environment files are. */
export function renderPythonJsonUnsorted(value: unknown): string {
  return render(value, "", 2, false);
}

/**
 * Renders a result record as DataLad does: `json.dumps(record, sort_keys=True)` on one line, or with
 * `indent=2`. Only ASCII is left, so that a terminal or log of any encoding keeps it whole.
 */
export function renderResultJson(value: unknown, isIndented: boolean): string {
  const text = isIndented ? render(value, "", 2) : renderOnOneLine(value);
  // Outside of texts there is nothing but ASCII; lone surrogates are escaped already.
  return text.replace(
    /[^\x20-\x7e\n]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function renderOnOneLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(renderOnOneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => byCodePoint(a, b));
  return `{${
    entries.map(([key, item]) => `${JSON.stringify(key)}: ${renderOnOneLine(item)}`).join(", ")
  }}`;
}

function render(value: unknown, margin: string, indent: number, isSorted = true): string {
  const inner = margin + " ".repeat(indent);
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const items = value.map((item) => inner + render(item, inner, indent, isSorted));
    return `[\n${items.join(",\n")}\n${margin}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.length === 0) return "{}";
    if (isSorted) entries.sort(([a], [b]) => byCodePoint(a, b));
    const items = entries.map(([key, item]) =>
      `${inner}${JSON.stringify(key)}: ${render(item, inner, indent, isSorted)}`
    );
    return `{\n${items.join(",\n")}\n${margin}}`;
  }
  return JSON.stringify(value);
}

/** Compares texts as Python sorts them, by code points; JavaScript's UTF-16 units differ beyond U+FFFF. */
export function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
