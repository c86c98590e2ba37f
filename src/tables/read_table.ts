import { decodeText } from "./decode_text.ts";
import { readJsonLines } from "./read_json_lines.ts";
import { readSeparated } from "./read_separated.ts";
import { sniffFormat } from "./table.ts";
import type { Table, TableFormat } from "./table.ts";

/**
 * Reads a table.
 *
 * @param format `undefined`: what its beginning looks like.
 */
export function readTable(bytes: Uint8Array, format: TableFormat | undefined): Table {
  const text = decodeText(bytes);
  if (typeof text !== "string") return { columns: [], rows: [], problems: text };
  if (text.trim() === "") return empty("it is empty");
  const used = format ?? sniffFormat(text);
  const table = used === "jsonl"
    ? readJsonLines(text)
    : readSeparated(text, used === "tsv" ? "\t" : ",");
  return table.rows.length === 0 && table.problems.length === 0
    ? { ...table, problems: [{ line: null, text: "it has a header and no rows" }] }
    : table;
}

function empty(text: string): Table {
  return { columns: [], rows: [], problems: [{ line: null, text }] };
}
