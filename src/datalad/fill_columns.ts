import { escapeBraces } from "./braces.ts";
import { fillPlaceholders, requireBraces } from "./placeholders.ts";
import type { PlaceholderValues } from "./placeholders.ts";
import { ShellFiller } from "./shell_filler.ts";
import { ShellText } from "./shell_text.ts";

/** Doubled braces, which stand for themselves, and fields. */
const TOKEN_REGEXP = /\{\{|\}\}|\{([^{}]*)\}/g;

/**
 * Fills the columns of a table's row into a text and leaves everything else as it is: other placeholders,
 * and doubled braces. What results is a template, too: braces in a value are doubled.
 *
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if braces do not match.
 */
export function fillColumns(template: string, values: ReadonlyMap<string, string>): string {
  const escaped = template.replace(TOKEN_REGEXP, (token, field: string | undefined) => {
    if (field !== undefined && values.has(field)) return token;
    return escapeBraces(token);
  });
  const doubled = new Map([...values].map(([name, value]) => [name, escapeBraces(value)] as const));
  return fillPlaceholders(escaped, doubled, false);
}

/**
 * The same for a shell command, in which a value is one word, or a part of the word in which it stands.
 *
 * @param others what will be filled in later, as far as it is known by now.
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if braces do not match, `UNSAFE_PLACEHOLDER` if a value would be
 * read as code where its column stands.
 */
export function fillColumnsOfCommand(
  template: string,
  values: ReadonlyMap<string, string>,
  others: PlaceholderValues,
): string {
  requireBraces(template.replace(TOKEN_REGEXP, ""), others);
  const filler = new ShellFiller(escapeBraces);
  let end = 0;
  for (const match of template.matchAll(TOKEN_REGEXP)) {
    const [token, field] = match;
    filler.addText(template.slice(end, match.index));
    end = match.index + token.length;
    const value = field === undefined ? undefined : values.get(field);
    if (field === undefined) filler.addText(token, token.slice(1));
    else if (value !== undefined) {
      filler.addValues({ name: token, values: [value], texts: [value], rest: template.slice(end) });
    } else {
      const other = others.get(placeholdersIn(token)[0]!);
      if (other instanceof ShellText) filler.addText(token, other.text);
      else filler.addLater(token);
    }
  }
  filler.addText(template.slice(end));
  return filler.finish();
}

/** The names of the placeholders of a template, without the index of `{inputs[0]}`. */
export function placeholdersIn(template: string): string[] {
  return [...template.matchAll(TOKEN_REGEXP)].map((match) => match[1])
    .filter((field) => field !== undefined)
    .map((field) => field.replace(/(\[[^\]]*\])+$/, ""));
}
