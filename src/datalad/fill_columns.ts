import { escapeBraces, fillPlaceholders } from "./placeholders.ts";

/** Doubled braces, which stand for themselves, and fields. */
const TOKEN_REGEXP = /\{\{|\}\}|\{([^{}]*)\}/g;

/**
 * Fills the columns of a table's row into a template and leaves everything else as it is: other
 * placeholders, and doubled braces. What results is a template, too: braces in a value are doubled.
 *
 * @param isShell whether the template is a shell command: a value is then one word of it, quoted as needed.
 * @throws {UserError} `UNKNOWN_PLACEHOLDER` if braces do not match.
 */
export function fillColumns(
  template: string,
  values: ReadonlyMap<string, string>,
  isShell: boolean,
): string {
  const escaped = template.replace(TOKEN_REGEXP, (token, field: string | undefined) => {
    if (field !== undefined && values.has(field)) return token;
    return escapeBraces(token);
  });
  const doubled = new Map(
    [...values].map(([name, value]) => [name, [escapeBraces(value)]] as const),
  );
  return fillPlaceholders(escaped, doubled, isShell);
}

/** The names of the placeholders of a template, without the index of `{inputs[0]}`. */
export function placeholdersIn(template: string): string[] {
  return [...template.matchAll(TOKEN_REGEXP)].map((match) => match[1])
    .filter((field) => field !== undefined)
    .map((field) => field.replace(/(\[[^\]]*\])+$/, ""));
}
