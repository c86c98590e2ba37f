import { resolve } from "node:path";
import { UserError } from "../errors.ts";
import { lstatIfPresent } from "../fs/if_present.ts";

/** What the runtime puts in the place of bytes that are no UTF-8 text. */
const REPLACEMENT = "\uFFFD";

/**
 * Refuses words of the command line that did not arrive as they were typed: bytes that are no UTF-8 text
 * reach no program on this runtime, and a path would be another one. A file with the very name that
 * arrived shows that it was meant.
 *
 * @param cwd what paths among them are relative to.
 * @throws {UserError} `USAGE`
 */
export async function requireText(words: readonly string[], cwd: string): Promise<void> {
  for (const [at, word] of words.entries()) {
    if (!word.includes(REPLACEMENT)) continue;
    // An option may have its value with it: --output=results
    const values = [word, word.slice(word.indexOf("=") + 1)];
    const found = await Promise.all(values.map((value) => lstatIfPresent(resolve(cwd, value))));
    if (found.some((info) => info !== undefined)) continue;
    throw new UserError(
      "USAGE",
      `Cannot use word ${at + 1} of the command line, ${
        JSON.stringify(word)
      }: it is not UTF-8 text`,
      {
        unchanged: "Nothing was done",
        hint: "rename the file, or have the job itself name it: paths and commands must be UTF-8",
      },
    );
  }
}
