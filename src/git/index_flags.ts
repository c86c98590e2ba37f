import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";
import { decodePath, joinNul, splitNul } from "./path_bytes.ts";

/** What an index entry says for git not to look at its file (git-update-index(1)). */
export type IndexFlag = "skip-worktree" | "assume-unchanged";

/** A tracked file that git was told not to look at. */
export interface UnwatchedFile {
  /** Relative to the work tree's root. */
  readonly path: string;
  /** What tells it; the other one may do so, too. */
  readonly flag: IndexFlag;
}

/**
 * Finds the tracked files under `pathspecs` that git takes for unchanged whatever they hold, those among
 * them that a sparse checkout has left out.
 */
export async function findUnwatched(
  git: Git,
  pathspecs: readonly string[],
): Promise<UnwatchedFile[]> {
  if (pathspecs.length === 0) return [];
  const found: UnwatchedFile[] = [];
  const output = await git.require(["ls-files", "-v", "-z", "--", ...pathspecs]);
  for (const item of splitNul(output)) {
    // git-ls-files(1), -v: `H path`; in small letters for assume-unchanged.
    const tag = item[0]!;
    if (tag === WATCHED) continue;
    const letter = textOf(item.subarray(0, 1));
    const flag = letter.toUpperCase() === "S" ? "skip-worktree" : "assume-unchanged";
    if (flag === "skip-worktree" || letter !== letter.toUpperCase()) {
      found.push({ path: decodePath(item.subarray(2)), flag });
    }
  }
  return found;
}

const WATCHED = "H".charCodeAt(0);

/** Sets flags in the index, or takes them off. */
export async function setFlags(
  git: Git,
  files: readonly UnwatchedFile[],
  isOn: boolean,
): Promise<void> {
  // git takes one such option in a call.
  for (const [flag, some] of Map.groupBy(files, (file) => file.flag)) {
    const option = isOn ? `--${flag}` : `--no-${flag}`;
    await git.require(["update-index", option, "-z", "--stdin"], {
      stdin: joinNul(some.map(({ path }) => path)),
    });
  }
}
