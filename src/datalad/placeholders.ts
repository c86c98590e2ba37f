import { quote } from "shlex";
import { UserError } from "../errors.ts";

/** What the placeholders of a command stand for; a list is joined by blanks, each item quoted. */
export type PlaceholderValues = ReadonlyMap<string, string | readonly string[]>;

/** A field of Python's format strings: a name, then indices in brackets. */
const FIELD_REGEXP = /^([^[\]!:.]+)((?:\[[^\]]*\])*)$/;

/**
 * Fills the placeholders of a template with Python's format syntax, as `datalad run` does: `{name}`,
 * `{name[0]}`, `{{` and `}}` for braces. Items of lists are quoted for the shell, texts stay as they
 * are.
 *
 * @param isShell whether the template is a shell command; items in a path are not quoted.
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if a name or index does not exist, or braces do not match.
 */
export function fillPlaceholders(
  template: string,
  values: PlaceholderValues,
  isShell = true,
): string {
  let filled = "";
  /** The quote that the shell is inside of, or nothing. */
  let quotation = "";
  for (let at = 0; at < template.length; at++) {
    const character = template[at]!;
    if (character !== "{" && character !== "}") {
      filled += character;
      if (!isShell) continue;
      if (character === "\\" && quotation !== "'") filled += template[++at] ?? "";
      else if (character === quotation) quotation = "";
      else if (quotation === "" && /['"]/.test(character)) quotation = character;
    } else if (template[at + 1] === character) {
      filled += character;
      at++;
    } else if (character === "}") {
      throw unknown(template, 'a single "}" stands there', values);
    } else {
      const end = template.indexOf("}", at);
      if (end < 0) throw unknown(template, 'a "{" has no "}"', values);
      const { text, isQuoted } = valueOf(template, template.slice(at + 1, end), values, isShell);
      // Quoted items end the quotation that they stand in: their own quotes would, at the wrong place.
      filled += isQuoted ? `${quotation}${text}${quotation}` : text;
      at = end;
    }
  }
  return filled;
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

function valueOf(template: string, field: string, values: PlaceholderValues, isShell: boolean) {
  const match = FIELD_REGEXP.exec(field);
  const value = match === null ? undefined : values.get(match[1]!);
  if (match === null || value === undefined) {
    throw unknown(template, `there is no placeholder "{${field}}"`, values);
  }
  const isQuoted = isShell && typeof value !== "string";
  const render = (item: string) => isQuoted ? quote(item) : item;
  if (match[2] === "") {
    return { isQuoted, text: typeof value === "string" ? value : value.map(render).join(" ") };
  }
  const index = /^\[([0-9]+)\]$/.exec(match[2]!)?.[1];
  const item = index === undefined ? undefined : value[Number(index)];
  if (item === undefined) throw unknown(template, `"{${field}}" names no item`, values);
  return { isQuoted, text: render(item) };
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
