/**
 * Whether something is texts by name, such as the values of a table's row by column. valibot's own record
 * leaves out names that JavaScript objects have: a column may be called "constructor".
 */
export function isTextByName(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === "string");
}
