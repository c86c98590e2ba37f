import { join } from "node:path";
import { lstatIfPresent } from "../fs/if_present.ts";
import type { Repository } from "./repository.ts";

/**
 * The commits at which a shallow clone ends: it is unknown what they changed. Empty for a complete clone.
 */
export async function readCutCommits(
  { commonDir }: Pick<Repository, "commonDir">,
): Promise<ReadonlySet<string>> {
  const file = join(commonDir, "shallow");
  if (await lstatIfPresent(file) === undefined) return new Set();
  return new Set((await Deno.readTextFile(file)).split("\n").filter((line) => line !== ""));
}

/** Whether the history of a clone ends before its beginning. */
export async function isShallow(repository: Pick<Repository, "commonDir">): Promise<boolean> {
  return (await readCutCommits(repository)).size > 0;
}
