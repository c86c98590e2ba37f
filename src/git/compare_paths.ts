import { coverWithPathspecs, parseRawDiff } from "./changes.ts";
import type { Git } from "./git.ts";
import { decodePath, splitNul } from "./path_bytes.ts";
import { RAW, rawChangesByName } from "./raw_diff.ts";
import type { PathVersion } from "./raw_diff.ts";

/** A path of which two versions differ. */
export interface PathDifference {
  /** Relative to the work tree's root. */
  readonly path: string;
  /** One of the two versions, in no particular order. */
  readonly one: PathVersion;
  /** The other version; `undefined` if only the work tree has it, and it was not hashed. */
  readonly other: PathVersion | undefined;
}

/**
 * Compares each of `commits` with `headOid` under `pathspecs`, with one `git diff-tree`.
 *
 * @returns by commit; one that differs in nothing is absent.
 */
export async function compareWithHead(
  git: Git,
  headOid: string,
  commits: readonly string[],
  pathspecs: readonly string[],
): Promise<Map<string, PathDifference[]>> {
  // git-diff-tree(1): of a line with several commits the first is compared with the others, as parents.
  const output = await git.require(
    ["diff-tree", "--stdin", "-r", ...RAW, "--", ...pathspecs],
    { stdin: commits.map((commit) => `${commit} ${headOid}\n`).join("") },
  );
  return new Map(
    [...rawChangesByName(output)].map(([commit, changes]) => [
      commit,
      changes.map(({ path, before, after }) => ({ path, one: before, other: after })),
    ]),
  );
}

/**
 * Compares HEAD with index and work tree under `pathspecs`, with one `git status` that leaves the index
 * as it is; what is untracked is left out.
 */
export async function compareWithWorkTree(
  git: Git,
  pathspecs: readonly string[],
): Promise<PathDifference[]> {
  // As without settings: a subdataset has changed if files that it tracks have.
  const submodules = "--ignore-submodules=untracked";
  const options = ["--porcelain=v2", "-z", "--untracked-files=no", "--no-renames", submodules];
  const output = await git.require(
    ["--no-optional-locks", "status", ...options, "--", ...pathspecs],
  );
  const differences: PathDifference[] = [];
  for (const item of splitNul(output)) {
    // git-status(1): "1 XY sub mH mI mW hH hI path", for a path in conflict "u …" with two fields more.
    const fields = decodePath(item).split(" ");
    if (fields[0] === "#") continue; // a header: status.showStash has one
    const isPlain = fields[0] === "1";
    const path = fields.slice(isPlain ? 8 : 10).join(" ");
    const [, states, , headMode, indexMode, , headBlob, indexBlob] = fields;
    const isHashed = isPlain && states!.endsWith(".");
    differences.push({
      path,
      one: { mode: headMode!, oid: headBlob! },
      other: isHashed ? { mode: indexMode!, oid: indexBlob! } : undefined,
    });
  }
  return differences;
}

/**
 * Finds which of `paths` are in the work tree as `oid` has them, with two git calls that change nothing of
 * what the index holds; none if there is no such commit.
 *
 * @param paths files, relative to the work tree's root.
 */
export async function findUnchanged(
  git: Git,
  oid: string,
  paths: readonly string[],
): Promise<Set<string>> {
  const pathspecs = coverWithPathspecs(paths);
  if (pathspecs.length === 0) return new Set();
  const listed = await git.run(["ls-tree", "-r", "-z", "--name-only", oid, "--", ...pathspecs]);
  if (listed.code !== 0) return new Set();
  const options = [...RAW, "--no-ext-diff", "--no-color", "--ignore-submodules=all"];
  // Or else a file that was only touched is listed.
  const looking = ["--no-optional-locks", "-c", "diff.autoRefreshIndex=true", "diff"];
  const differing = await git.require([...looking, ...options, oid, "--", ...pathspecs]);
  const unchanged = new Set([...splitNul(listed.stdout)].map(decodePath));
  for (const { path } of parseRawDiff(differing)) unchanged.delete(path);
  return unchanged;
}
