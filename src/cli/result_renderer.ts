import styles from "ansi-styles";
import { relative } from "node:path";
import type { Io } from "./io.ts";
import { namedFields } from "../session/named_fields.ts";
import type { ResultRecord } from "../session/result_record.ts";
import { renderResultJson } from "../datalad/python_json.ts";
import { visibleLine } from "../process/visible_text.ts";
import { renderDetail } from "./report_error.ts";
import { parseTemplate } from "./result_template.ts";
import type { RecordFields } from "./result_template.ts";

/** How often each action had each status. */
export type ResultCounts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** How results reach the user. */
export interface ResultRenderer {
  /** Shows a result. */
  show(record: ResultRecord): void;
  /** Shows what is known only at the end; `counts` is of all results, shown or not. */
  finish(counts: ResultCounts): void;
}

/** Lines as DataLad prints them: `action(status): path (type) [message]`. */
export class TextRenderer implements ResultRenderer {
  readonly #io: Io;
  readonly #hasSummary: boolean;
  readonly #hasColours: boolean;
  readonly #hints = new Set<string>();

  /** Writes results to `io.out` as they come; hints wait for the end, each shown once. */
  constructor(io: Io, options: { readonly hasSummary: boolean; readonly hasColours: boolean }) {
    this.#io = io;
    this.#hasSummary = options.hasSummary;
    this.#hasColours = options.hasColours;
  }

  show(record: ResultRecord): void {
    if (record.hint !== undefined) this.#hints.add(record.hint);
    this.#io.out(`${renderResult(record, this.#hasColours)}\n`);
    if (record.detail !== undefined) this.#io.out(`${renderDetail(record.detail)}\n`);
  }

  finish(counts: ResultCounts): void {
    // DataLad shows a summary once there is more than one result to sum up.
    const total = [...counts.values()].flatMap((statuses) => [...statuses.values()])
      .reduce((sum, count) => sum + count, 0);
    if (this.#hasSummary && total > 1) this.#io.out(renderSummary(counts));
    for (const hint of this.#hints) this.#io.err(`hint: ${visibleLine(hint)}\n`);
  }
}

/** One text for each result and nothing else: JSON, a template, or no text at all. Programs get it exact. */
export class RecordRenderer implements ResultRenderer {
  readonly #io: Io;
  readonly #render: (fields: RecordFields) => string | undefined;
  readonly #place: string;

  /**
   * Writes to `io.out` only.
   *
   * @param isSeen whether that is a terminal: what a template is filled with is then made visible.
   * @param format as `-f` has it, but for the two formats for people.
   * @param place the path of results that name none: where the user stands.
   */
  constructor(io: Io, format: string, place: string, isSeen: boolean) {
    this.#io = io;
    this.#place = place;
    if (format === "json") this.#render = (fields) => renderResultJson(fields, false);
    else if (format === "json_pp") this.#render = (fields) => renderResultJson(fields, true);
    else if (format === "disabled") this.#render = () => undefined;
    else this.#render = parseTemplate(format, isSeen ? visibleLine : undefined);
  }

  show(record: ResultRecord): void {
    const text = this.#render(fieldsOf(record, this.#place));
    if (text !== undefined) this.#io.out(`${text}\n`);
  }

  finish(): void {
    // Everything was said result by result.
  }
}

/** The fields of a record, of which some follow from others. */
function fieldsOf(record: ResultRecord, place: string): RecordFields {
  // A result that names no path is about a job of the dataset.
  const isOfDataset = record.path === undefined && record.refds !== undefined;
  return {
    path: record.refds ?? place,
    ...(isOfDataset ? { type: "dataset" } : {}),
    ...(record.type === "dataset" ? { refds: record.path } : {}),
    ...namedFields(record),
  };
}

function renderResult(record: ResultRecord, hasColours: boolean): string {
  const { action, status, path, refds, type, message } = record;
  const shown = path === undefined ? "" : refds === undefined ? path : relative(refds, path) || ".";
  const paint = (text: string, ...names: Style[]) => hasColours ? painted(text, ...names) : text;
  return [
    `${paint(action, "bold")}(${paint(status, "bold", STATUS_STYLES[status])}):`,
    ...(shown === "" ? [] : [visibleLine(shown)]),
    ...(type === undefined ? [] : [`(${paint(type, "bold", "magenta")})`]),
    ...(message === undefined ? [] : [`[${visibleLine(message)}]`]),
  ].join(" ");
}

/** Names of ansi-styles that are used here. */
export type Style = "bold" | "green" | "yellow" | "red" | "magenta";

/** DataLad's colours. */
const STATUS_STYLES: Readonly<Record<ResultRecord["status"], Style>> = {
  ok: "green",
  notneeded: "green",
  impossible: "yellow",
  error: "red",
};

/** Puts the sequences of a terminal around a text. */
export function painted(text: string, ...names: readonly Style[]): string {
  return names.reduce((inner, name) => `${styles[name].open}${inner}${styles[name].close}`, text);
}

function renderSummary(counts: ResultCounts): string {
  const lines = [...counts].sort(([a], [b]) => a < b ? -1 : 1).map(([action, statuses]) => {
    const parts = [...statuses].sort(([a], [b]) => a < b ? -1 : 1)
      .map(([status, count]) => `${status}: ${count}`);
    return `  ${action} (${parts.join(", ")})\n`;
  });
  return `action summary:\n${lines.join("")}`;
}
