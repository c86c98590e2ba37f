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
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if a name or index does not exist, or braces do not match.
 */
export function fillPlaceholders(template: string, values: PlaceholderValues): string {
  let filled = "";
  for (let at = 0; at < template.length; at++) {
    const character = template[at]!;
    if (character !== "{" && character !== "}") {
      filled += character;
    } else if (template[at + 1] === character) {
      filled += character;
      at++;
    } else if (character === "}") {
      throw unknown(template, 'a single "}" stands there', values);
    } else {
      const end = template.indexOf("}", at);
      if (end < 0) throw unknown(template, 'a "{" has no "}"', values);
      filled += valueOf(template, template.slice(at + 1, end), values);
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
  return paths.map((path) => fillPlaceholders(path, values));
}

function valueOf(template: string, field: string, values: PlaceholderValues): string {
  const match = FIELD_REGEXP.exec(field);
  const value = match === null ? undefined : values.get(match[1]!);
  if (match === null || value === undefined) {
    throw unknown(template, `there is no placeholder "{${field}}"`, values);
  }
  if (match[2] === "") {
    return typeof value === "string" ? value : value.map((item) => quote(item)).join(" ");
  }
  const index = /^\[([0-9]+)\]$/.exec(match[2]!)?.[1];
  const item = index === undefined ? undefined : value[Number(index)];
  if (item === undefined) throw unknown(template, `"{${field}}" names no item`, values);
  return typeof value === "string" ? item : quote(item);
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
