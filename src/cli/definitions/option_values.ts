import { UserError } from "../../errors.ts";

/** Gathers the values of a repeatable option. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Reads a count of parallel jobs; DataLad's "auto" leaves it to us. */
export function parseCount(text: string): number {
  if (text === "auto") return 2;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UserError(
    "USAGE",
    `Cannot read "${text}" as a count: a whole number above 0 is needed`,
    {
      hint: "--jobs 4, or --jobs auto",
    },
  );
}
