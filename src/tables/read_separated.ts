import { CsvError, parse } from "csv-parse/sync";
import type { Row, Table, TableProblem } from "./table.ts";

interface Record {
  readonly line: number;
  readonly fields: readonly string[];
}

/** Reads CSV as RFC 4180 has it, or the same with another separator; the first line is the header. */
export function readSeparated(text: string, separator: string): Table {
  const records: Record[] = [];
  const problems: TableProblem[] = [];
  const bytes = new TextEncoder().encode(text);
  const lines = new LineCounter(bytes);
  try {
    parse(bytes, {
      delimiter: separator,
      // The length of each record is looked at below: all ragged rows are told, not the first alone.
      relax_column_count: true,
      // Many programs write TSV without any quoting: there a quote inside a field is a character.
      relax_quotes: separator === "\t",
      on_record: (fields: string[], info) => {
        records.push({ line: lines.line, fields });
        lines.advanceTo(info.bytes);
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    problems.push({ line: lines.line, text: explain(error) });
  }
  while (records.length > 0 && isBlank(records.at(-1)!)) records.pop();
  const [header, ...rest] = records;
  if (header === undefined) return { columns: [], rows: [], problems };
  const columns = header.fields.map((name) => name.trim());
  const rows: Row[] = [];
  const found = findHeaderProblems(columns, header.line, separator);
  for (const record of rest) {
    const problem = findProblem(record, columns.length);
    if (problem === undefined) rows.push(toRow(record, columns));
    else found.push({ line: record.line, text: problem });
  }
  return { columns, rows, problems: [...found, ...problems] };
}

/** Counts lines as editors do: the library counts a CRLF within quotes as two. */
class LineCounter {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at = 0;
  /** The line that is reached, from 1. */
  line = 1;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.includes(0x0a) ? 0x0a : 0x0d;
  }

  advanceTo(offset: number): void {
    for (; this.#at < offset; this.#at++) if (this.#bytes[this.#at] === this.#end) this.line++;
  }
}

function toRow({ line, fields }: Record, columns: readonly string[]): Row {
  return { line, values: new Map(columns.map((column, at) => [column, fields[at]!])) };
}

function findHeaderProblems(
  columns: readonly string[],
  line: number,
  separator: string,
): TableProblem[] {
  const problems: TableProblem[] = [];
  columns.forEach((name, at) => {
    if (name === "") problems.push({ line, text: `column ${at + 1} has no name` });
    else if (columns.indexOf(name) < at) {
      problems.push({
        line,
        text: `columns ${columns.indexOf(name) + 1} and ${at + 1} are both called "${name}"`,
      });
    }
  });
  if (columns.length === 1 && separator === "," && /[;\t]/.test(columns[0]!)) {
    const what = columns[0]!.includes("\t") ? "tabs: --from-format tsv" : "semicolons, not commas";
    problems.push({ line, text: `its only column is "${columns[0]}": it seems to have ${what}` });
  }
  return problems;
}

function findProblem(record: Record, columns: number): string | undefined {
  const { fields } = record;
  if (isBlank(record)) return "the row is empty";
  if (fields.length === columns) return undefined;
  return `the row has ${fields.length} field${
    fields.length === 1 ? "" : "s"
  }, the header ${columns}`;
}

function isBlank({ fields }: Record): boolean {
  return fields.every((field) => field.trim() === "");
}

function explain(error: CsvError): string {
  if (error.code === "CSV_QUOTE_NOT_CLOSED") return "a quote that is opened here is never closed";
  if (error.code === "INVALID_OPENING_QUOTE") {
    return "there is a quote inside a field without quotes";
  }
  if (error.code === "CSV_INVALID_CLOSING_QUOTE") return "there is text after a closing quote";
  return error.message;
}
