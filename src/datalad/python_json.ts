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
    if (isSorted) entries.sort(([a], [b]) => a < b ? -1 : 1);
    const items = entries.map(([key, item]) =>
      `${inner}${JSON.stringify(key)}: ${render(item, inner, indent, isSorted)}`
    );
    return `{\n${items.join(",\n")}\n${margin}}`;
  }
  return JSON.stringify(value);
}
