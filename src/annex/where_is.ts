import * as v from "valibot";
import type { Git } from "../git/git.ts";
import { annexEnvironment } from "./git_annex.ts";

const Answer = v.object({
  key: v.string(),
  whereis: v.array(v.object({ urls: v.optional(v.array(v.string()), []) })),
});

/**
 * Asks git-annex which addresses it knows for contents, with one process: those that were registered, and
 * those of special remotes that can be read by anybody.
 *
 * @returns by key, those that there are; `undefined` if git-annex could not be asked.
 */
export async function findUrls(
  git: Git,
  keys: readonly string[],
): Promise<Map<string, readonly string[]> | undefined> {
  const found = new Map<string, readonly string[]>();
  if (keys.length === 0) return found;
  const decoder = new TextDecoder();
  let rest = "";
  let answers = 0;
  // It ends with 1 if one of them is nowhere.
  await git.run(["annex", "whereis", "--json", "--batch-keys"], {
    env: annexEnvironment(),
    stdin: keys.map((key) => `${key}\n`).join(""),
    onStdout(piece) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Answer), line);
        if (!parsed.success) continue;
        answers++;
        const urls = parsed.output.whereis.flatMap((remote) => remote.urls);
        if (urls.length > 0) found.set(parsed.output.key, urls);
      }
    },
  });
  return answers === 0 ? undefined : found;
}
