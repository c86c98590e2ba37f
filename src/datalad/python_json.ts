/**
 * Renders a value as Python's `json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)` does,
 * the form of DataLad's run records.
 */
export function renderPythonJson(value: unknown): string {
  return render(value, "", 1);
}

/** As {@linkcode renderPythonJson} with another indent and the keys in their own order. */
export function renderPythonJsonUnsorted(value: unknown, indent: number): string {
  return render(value, "", indent, false);
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

/** Python compares code points, JavaScript UTF-16 units: they differ beyond U+FFFF. */
function byCodePoint(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const difference = left[at]!.codePointAt(0)! - right[at]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}
