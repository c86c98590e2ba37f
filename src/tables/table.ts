/**
 * Tables of which each row becomes a job: CSV, TSV and JSON lines.
 *
 * A *column* has a name, from the header or from the keys of the JSON objects; a *row* has a text for
 * each of its columns, and the *line* of the table that it begins in. What is wrong with a table is a list
 * of *problems*, each with its line, so that all can be mended at once.
 *
 * @module
 */

/** How a table is written. */
export type TableFormat = "csv" | "tsv" | "jsonl";

/** The formats by what `--from-format` calls them. */
export const TABLE_FORMATS: readonly TableFormat[] = ["csv", "tsv", "jsonl"];

/** One row. */
export interface Row {
  /** Line of the table that it begins in, from 1; a header counts. */
  readonly line: number;
  /** Text by column; a JSON number as it was written. */
  readonly values: ReadonlyMap<string, string>;
}

/** Something that is wrong with a table. */
export interface TableProblem {
  /** From 1; `null` for the table as a whole. */
  readonly line: number | null;
  /** What is the case. */
  readonly text: string;
}

/** A table as it was read; rows in which something is wrong are left out. */
export interface Table {
  /** All columns, in the order of the header, or in which the rows name them. */
  readonly columns: readonly string[];
  /** In the order of the table. */
  readonly rows: readonly Row[];
  /** In the order of their lines. */
  readonly problems: readonly TableProblem[];
}

/** The format that a file's name tells, or `undefined`. */
export function formatOfName(name: string): TableFormat | undefined {
  const ending = /\.([A-Za-z]+)$/.exec(name)?.[1]?.toLowerCase();
  if (ending === "csv") return "csv";
  if (ending === "tsv" || ending === "tab") return "tsv";
  return ending === "jsonl" || ending === "ndjson" ? "jsonl" : undefined;
}

/** The format that a table's first line looks like: JSON objects, tabs, else commas. */
export function sniffFormat(text: string): TableFormat {
  const first = text.split("\n", 1)[0]!;
  if (text.trimStart().startsWith("{")) return "jsonl";
  return first.includes("\t") ? "tsv" : "csv";
}
