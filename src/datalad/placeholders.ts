import { UserError } from "../errors.ts";
import { formatText, parseFormat, pythonRepr } from "./python_format.ts";
import type { FormatField } from "./python_format.ts";
import { ShellFiller } from "./shell_filler.ts";
import { ShellText } from "./shell_text.ts";

/** What a placeholder stands for: a value, a list of values, or text for the shell. */
export type PlaceholderValue = string | readonly string[] | ShellText;

/** Placeholders by their names. In a command a value is one word, quoted as needed. */
export type PlaceholderValues = ReadonlyMap<string, PlaceholderValue>;

/** Fields may stand in the format specification of a field, and no deeper. */
const DEEPEST_SPEC = 1;

/**
 * Fills the placeholders of a template with Python's format syntax, as `datalad run` does: `{name}`,
 * `{name[0]}`, `{{` and `}}` for braces, `!r` and `:>10` as Python has them. There are no attributes:
 * `{name.x}` is unknown.
 *
 * In a command no value is ever read as code: it is quoted for the place where it stands, and refused where
 * it cannot be, unless it holds nothing that means something to a shell.
 *
 * @param isShell whether the template is a shell command; items in a path are not quoted.
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if a name or index does not exist, a format does not fit, or
 * braces do not match; `UNSAFE_PLACEHOLDER` if a value cannot stand where its placeholder does.
 */
export function fillPlaceholders(
  template: string,
  values: PlaceholderValues,
  isShell = true,
): string {
  try {
    return isShell ? fillCommand(template, values) : fillText(template, values);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unknown(template, error.message, values);
  }
}

function fillText(template: string, values: PlaceholderValues): string {
  return parseFormat(template).map((piece) =>
    typeof piece === "string" ? piece : render(piece, valueOf(piece, values), values).join(" ")
  ).join("");
}

function fillCommand(template: string, values: PlaceholderValues): string {
  const filler = new ShellFiller();
  const pieces = parseFormat(template);
  for (const [at, piece] of pieces.entries()) {
    if (typeof piece === "string") {
      filler.addText(piece);
      continue;
    }
    const value = valueOf(piece, values);
    const texts = render(piece, value, values);
    const given = values.get(piece.name)!;
    if (given instanceof ShellText) filler.addShellText(piece.text, given, texts.join(" "));
    else {
      const next = pieces[at + 1] ?? "";
      filler.addValues({
        name: piece.text,
        // What the format is made of may be values as well.
        values: [...listOf(value), ...valuesOfSpec(piece, values)],
        texts,
        rest: typeof next === "string" ? next : undefined,
      });
    }
  }
  return filler.finish();
}

/**
 * Fills the placeholders of each path of a list. A list that is only `{outputs}` or `{inputs}` stands
 * for the whole other list.
 */
export function fillPathList(paths: readonly string[], values: PlaceholderValues): string[] {
  const whole = paths.length === 1 ? /^\{([a-z]+)\}$/.exec(paths[0]!)?.[1] : undefined;
  const list = whole === undefined ? undefined : values.get(whole);
  if (list !== undefined && typeof list !== "string" && !(list instanceof ShellText)) {
    return [...list];
  }
  return paths.map((path) => fillPlaceholders(path, values, false));
}

/**
 * @throws {SyntaxError} If there is no such value.
 */
function valueOf(field: FormatField, values: PlaceholderValues): string | readonly string[] {
  const given = values.get(field.name);
  // Python counts fields without a name; here there is nothing to be counted.
  if (given === undefined || /^[0-9]*$/.test(field.name)) {
    throw new SyntaxError(`there is no placeholder "${field.text}"`);
  }
  let value: string | readonly string[] | undefined = given instanceof ShellText
    ? given.text
    : given;
  for (const index of field.indices) {
    const items: readonly string[] = typeof value === "string" ? [...value] : value;
    value = /^[0-9]+$/.test(index) ? items[Number(index)] : undefined;
    if (value === undefined) throw new SyntaxError(`"${field.text}" names no item`);
  }
  return value;
}

/** Converts and formats; the items of a list one by one. */
function render(
  field: FormatField,
  value: string | readonly string[],
  values: PlaceholderValues,
  depth = DEEPEST_SPEC,
): string[] {
  const { conversion } = field;
  const converted = conversion === undefined ? value : convert(value, conversion, field.text);
  const spec = parseFormat(field.spec).map((piece) => {
    if (typeof piece === "string") return piece;
    if (depth === 0) throw new SyntaxError(`"${piece.text}" is nested too deeply`);
    return render(piece, valueOf(piece, values), values, depth - 1).join(" ");
  }).join("");
  return listOf(converted).map((item) => formatText(item, spec));
}

function valuesOfSpec(field: FormatField, values: PlaceholderValues): string[] {
  return parseFormat(field.spec)
    .flatMap((piece) => typeof piece === "string" ? [] : listOf(valueOf(piece, values)));
}

function listOf(value: string | readonly string[]): readonly string[] {
  return typeof value === "string" ? [value] : value;
}

function convert(value: string | readonly string[], conversion: string, text: string): string {
  if (conversion === "s") return typeof value === "string" ? value : pythonRepr(value);
  if (conversion === "r" || conversion === "a") return pythonRepr(value, conversion === "a");
  throw new SyntaxError(`"${text}" has an unknown conversion, there are !r !s !a`);
}

function unknown(template: string, reason: string, values: PlaceholderValues): UserError {
  return new UserError(
    "UNKNOWN_PLACEHOLDER",
    `Cannot expand "${template}": ${reason}`,
    {
      unchanged: "No job was submitted",
      hint: `placeholders are ${
        [...values.keys()].map((name) => `{${name}}`).join(" ")
      }; {{ and }} are braces${
        /\{container\b/.test(template) ? "; {container} is there with --container NAME" : ""
      }`,
    },
  );
}

/**
 * Requires that the braces of a template match.
 *
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if they do not.
 */
export function requireBraces(template: string, values: PlaceholderValues): void {
  try {
    parseFormat(template);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unknown(template, error.message, values);
  }
}
