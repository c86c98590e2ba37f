import { textOf } from "../process/runner.ts";
import { coverWithPathspecs, MOST_INDEX_PATHSPECS } from "./changes.ts";
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

/** Tracked files of which the index says more than what they hold; paths relative to the work tree's root. */
export interface OddEntries {
  /** Those that git takes for unchanged whatever they hold, those that a sparse checkout left out among them. */
  readonly unwatched: readonly UnwatchedFile[];
  /** Those in conflict: the index has up to three versions of each, which adding the file would throw away. */
  readonly unmerged: ReadonlySet<string>;
}

/**
 * Finds the odd ones among the tracked files under `pathspecs`, and those of `files` that are in conflict, perhaps
 * with others.
 */
export async function findOddEntries(
  git: Git,
  pathspecs: readonly string[],
  files: readonly string[],
): Promise<OddEntries> {
  // Each entry is compared with each pathspec: of many files only those in conflict are asked for.
  const isMany = pathspecs.length + files.length > MOST_INDEX_PATHSPECS;
  const places = isMany
    ? coverWithPathspecs(pathspecs, MOST_INDEX_PATHSPECS)
    : [...pathspecs, ...files];
  const [unwatched, unmerged]: [UnwatchedFile[], Set<string>] = [[], new Set()];
  if (places.length === 0) return { unwatched, unmerged };
  const [listed, inConflict] = await Promise.all([
    git.require(["ls-files", "-v", "-z", "--", ...places]),
    isMany && files.length > 0 ? git.require(["ls-files", "--unmerged", "-z"]) : new Uint8Array(),
  ]);
  for (const item of splitNul(listed)) {
    // git-ls-files(1), -v: `H path`; in small letters for assume-unchanged.
    const tag = item[0]!;
    if (tag === WATCHED) continue;
    const letter = textOf(item.subarray(0, 1));
    const path = decodePath(item.subarray(2));
    const kind = letter.toUpperCase();
    if (kind === "M") unmerged.add(path);
    else if (kind === "S") unwatched.push({ path, flag: "skip-worktree" });
    else if (kind !== letter) unwatched.push({ path, flag: "assume-unchanged" });
  }
  // `MODE OID STAGE TAB path`
  for (const item of splitNul(inConflict)) {
    unmerged.add(decodePath(item.subarray(item.indexOf(TAB) + 1)));
  }
  return { unwatched, unmerged };
}

const WATCHED = "H".charCodeAt(0);
const TAB = "\t".charCodeAt(0);

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
