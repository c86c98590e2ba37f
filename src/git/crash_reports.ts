import { join } from "node:path";
import { lstatIfPresent, namesIn, readTextIfPresent, removeIfPresent } from "../fs/if_present.ts";
import type { Repository } from "./repository.ts";

/**
 * A comment for the input of `git fast-import`. Where we die while git still reads, git writes a report with
 * the last hundred commands, comments among them (git-fast-import(1), CRASH REPORTS): this one tells that the
 * import was ours, so it has to stand before every few commands.
 */
export const IMPORT_MARK = "# dlslurm\n";

/** Some file systems tell whole seconds. */
const COARSEST_TIME_MS = 2_000;

/**
 * Takes away the reports on imports of ours that were cut short with us; others are for whoever has made them.
 *
 * @param sinceMs when the first of them may have been written, milliseconds since 1970, by the clock of the file
 * system.
 */
export async function removeCrashReports(
  { gitDir }: Pick<Repository, "gitDir">,
  sinceMs: number,
): Promise<void> {
  for (const name of await namesIn(gitDir)) {
    if (!/^fast_import_crash_[0-9]+$/.test(name)) continue;
    const path = join(gitDir, name);
    const writtenMs = (await lstatIfPresent(path))?.mtime?.getTime() ?? 0;
    if (writtenMs < sinceMs - COARSEST_TIME_MS) continue;
    if ((await readTextIfPresent(path))?.includes(IMPORT_MARK)) await removeIfPresent(path);
  }
}
