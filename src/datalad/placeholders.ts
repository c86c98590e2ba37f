import { quote } from "shlex";
import { UserError } from "../errors.ts";
import { formatText, parseFormat, pythonRepr } from "./python_format.ts";
import type { FormatField } from "./python_format.ts";

/** What the placeholders of a command stand for; a list is joined by blanks, each item quoted. */
export type PlaceholderValues = ReadonlyMap<string, string | readonly string[]>;

/** Fields may stand in the format specification of a field, and no deeper. */
const DEEPEST_SPEC = 1;

/**
 * Fills the placeholders of a template with Python's format syntax, as `datalad run` does: `{name}`,
 * `{name[0]}`, `{{` and `}}` for braces, `!r` and `:>10` as Python has them. Items of lists are quoted
 * for the shell, texts stay as they are. There are no attributes: `{name.x}` is unknown.
 *
 * @param isShell whether the template is a shell command; items in a path are not quoted.
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if a name or index does not exist, a format does not fit, or
 * braces do not match.
 */
export function fillPlaceholders(
  template: string,
  values: PlaceholderValues,
  isShell = true,
): string {
  try {
    let filled = "";
    const shell = new ShellQuotation();
    for (const piece of parseFormat(template)) {
      if (typeof piece === "string") {
        filled += piece;
        shell.read(piece);
        continue;
      }
      const value = valueOf(piece, values, isShell);
      const text = render(piece, value, values, DEEPEST_SPEC);
      // Quoted items end the quotation that they stand in: their own quotes would, at the wrong place.
      const around = isShell && value.isQuoted ? shell.quotation : "";
      filled += `${around}${text}${around}`;
    }
    return filled;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unknown(template, error.message, values);
  }
}

/** Follows the quotation marks of shell text. */
class ShellQuotation {
  /** The mark that the text so far has opened and not closed, or nothing. */
  quotation = "";
  #isEscaped = false;

  /** Reads on. */
  read(text: string): void {
    for (const character of text) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (character === "\\" && this.quotation !== "'") this.#isEscaped = true;
      else if (character === this.quotation) this.quotation = "";
      else if (this.quotation === "" && /['"]/.test(character)) this.quotation = character;
    }
  }
}

/**
 * Fills the placeholders of each path of a list. A list that is only `{outputs}` or `{inputs}` stands
 * for the whole other list.
 */
export function fillPathList(paths: readonly string[], values: PlaceholderValues): string[] {
  const whole = paths.length === 1 ? /^\{([a-z]+)\}$/.exec(paths[0]!)?.[1] : undefined;
  const list = whole === undefined ? undefined : values.get(whole);
  if (list !== undefined && typeof list !== "string") return [...list];
  return paths.map((path) => fillPlaceholders(path, values, false));
}

interface FieldValue {
  readonly value: string | readonly string[];
  /** Whether items were quoted for the shell. */
  readonly isQuoted: boolean;
}

/**
 * @throws {SyntaxError} If there is no such value.
 */
function valueOf(field: FormatField, values: PlaceholderValues, isShell: boolean): FieldValue {
  const given = values.get(field.name);
  // Python counts fields without a name; here there is nothing to be counted.
  if (given === undefined || /^[0-9]*$/.test(field.name)) {
    throw new SyntaxError(`there is no placeholder "${field.text}"`);
  }
  const isQuoted = isShell && typeof given !== "string";
  let value: string | readonly string[] | undefined = isQuoted ? given.map(quote) : given;
  for (const index of field.indices) {
    const items: readonly string[] = typeof value === "string" ? [...value] : value;
    value = /^[0-9]+$/.test(index) ? items[Number(index)] : undefined;
    if (value === undefined) throw new SyntaxError(`"${field.text}" names no item`);
  }
  return { value, isQuoted };
}

/** Converts and formats; the items of a list one by one, with a blank between them. */
function render(
  field: FormatField,
  { value }: FieldValue,
  values: PlaceholderValues,
  depth: number,
): string {
  const { conversion } = field;
  const converted = conversion === undefined ? value : convert(value, conversion, field.text);
  const spec = parseFormat(field.spec).map((piece) => {
    if (typeof piece === "string") return piece;
    if (depth === 0) throw new SyntaxError(`"${piece.text}" stands too deep`);
    return render(piece, valueOf(piece, values, true), values, depth - 1);
  }).join("");
  return (typeof converted === "string" ? [converted] : converted)
    .map((item) => formatText(item, spec)).join(" ");
}

function convert(value: string | readonly string[], conversion: string, text: string): string {
  if (conversion === "s") return typeof value === "string" ? value : pythonRepr(value);
  if (conversion === "r" || conversion === "a") return pythonRepr(value, conversion === "a");
  throw new SyntaxError(`"${text}" has an unknown conversion, there are !r !s !a`);
}

function unknown(template: string, reason: string, values: PlaceholderValues): UserError {
  return new UserError(
    "UNKNOWN_PLACEHOLDER",
    `Cannot expand "${template}": ${reason}. No job was submitted`,
    {
      hint: `placeholders are ${
        [...values.keys()].map((name) => `{${name}}`).join(" ")
      }; {{ and }} are braces`,
    },
  );
}

/** Makes of a text the template that gives it: braces stand for themselves. */
export function escapeBraces(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}
