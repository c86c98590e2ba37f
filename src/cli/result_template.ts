import fitToWidth from "fast-string-truncated-width";
import { UserError } from "../errors.ts";

/** A result record as programs see it: the names and values of docs/result_records.md. */
export type RecordFields = Readonly<Record<string, unknown>>;

/** One piece of a template: text as it is, or a field. */
type Part = string | {
  readonly name: string;
  /** Key in brackets, for a field that holds fields. */
  readonly key: string | undefined;
  readonly fill: string;
  readonly align: string;
  readonly width: number;
};

/** `{name}`, `{name[key]}`, with `:` and a fill character, alignment and width behind it. */
const FIELD_REGEXP =
  /^([A-Za-z_][\w-]*)(?:\[([^\]{}]*)\])?(?:!s)?(?::(?:([^{}]?)([<>^]))?([0-9]*)s?)?$/u;

/**
 * Reads a template in Python's format syntax, as `datalad -f '{status}: {path}'` takes it, and gives the
 * function that fills it. A field that a record does not have is `N/A`. Braces are doubled.
 *
 * @param show what is made of a field's value before it is aligned.
 * @throws {UserError} `USAGE` if braces do not match, or a field has more to it than a fill character,
 * an alignment and a width.
 */
export function parseTemplate(
  template: string,
  show: (text: string) => string = (text) => text,
): (record: RecordFields) => string {
  const parts: Part[] = [];
  for (const [piece] of template.matchAll(/\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+/g)) {
    if (piece === "{{" || piece === "}}") parts.push(piece[0]!);
    else if (piece === "{" || piece === "}") {
      throw badTemplate(template, `a "${piece}" is unmatched`);
    } else if (piece.startsWith("{")) parts.push(parseField(template, piece.slice(1, -1)));
    else parts.push(piece);
  }
  return (record) =>
    parts.map((part) => typeof part === "string" ? part : renderField(part, record, show)).join("");
}

function parseField(template: string, field: string): Part {
  const match = FIELD_REGEXP.exec(field);
  if (match === null) throw badTemplate(template, `"{${field}}" is no field of a result`);
  return {
    name: match[1]!,
    key: match[2],
    fill: match[3] || " ",
    align: match[4] ?? "<",
    width: Number(match[5] ?? ""),
  };
}

function renderField(
  part: Exclude<Part, string>,
  record: RecordFields,
  show: (text: string) => string,
): string {
  const whole = Object.hasOwn(record, part.name) ? record[part.name] : undefined;
  const value = part.key === undefined
    ? whole
    : typeof whole === "object" && whole !== null && Object.hasOwn(whole, part.key)
    ? (whole as Record<string, unknown>)[part.key]
    : undefined;
  const text = value === undefined || value === null
    ? "N/A"
    : show(typeof value === "object" ? JSON.stringify(value) : String(value));
  const missing = Math.max(0, part.width - fitToWidth(text).width);
  const left = part.align === ">" ? missing : part.align === "^" ? Math.floor(missing / 2) : 0;
  return part.fill.repeat(left) + text + part.fill.repeat(missing - left);
}

function badTemplate(template: string, reason: string): UserError {
  return new UserError("USAGE", `Cannot print results as "${template}": ${reason}`, {
    hint: "for example: -f '{status:<10} {path}'; docs/result_records.md lists the fields",
  });
}
