import type { Row, Table, TableProblem } from "./table.ts";

/**
 * Reads JSON lines: an object a line (jsonlines.org). Values are texts, numbers, true and false; a
 * number is taken as it was written, so that 0.10 and 12345678901234567890 stay what they are.
 */
export function readJsonLines(text: string): Table {
  const columns = new Set<string>();
  const rows: Row[] = [];
  const problems: TableProblem[] = [];
  const lines = text.trimEnd().split("\n");
  lines.forEach((content, at) => {
    const line = at + 1;
    const values = readObject(content);
    if (typeof values === "string") problems.push({ line, text: values });
    else {
      rows.push({ line, values });
      for (const name of values.keys()) columns.add(name);
    }
  });
  return { columns: [...columns], rows, problems };
}

/** The values of one line, or what is wrong with it. */
function readObject(content: string): ReadonlyMap<string, string> | string {
  if (content.trim() === "") return "the row is empty";
  let json: unknown;
  try {
    json = JSON.parse(content, keepNumbers);
  } catch (error) {
    return `it is no JSON: ${(error as Error).message}`;
  }
  if (json === null || typeof json !== "object" || Array.isArray(json)) {
    return 'it is no JSON object: {"column": "value", …} is needed';
  }
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(json)) {
    if (name === "") return "one of its keys is empty";
    if (typeof value === "object" || value === undefined) {
      return `"${name}" is ${value === null ? "null" : "no single value"}: ` +
        "a text, a number, true or false is needed";
    }
    const text = String(value);
    if (text.includes("\0")) return `there is a NUL in "${name}"`;
    if (!text.isWellFormed()) return `"${name}" is no text: half of a character is missing`;
    values.set(name, text);
  }
  return values.size === 0 ? "the row is empty" : values;
}

function keepNumbers(
  _key: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  return typeof value === "number" ? context?.source ?? value : value;
}
