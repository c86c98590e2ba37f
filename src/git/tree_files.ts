import { coverWithPathspecs } from "./changes.ts";
import type { Git } from "./git.ts";
import { RAW, rawChangesByName } from "./raw_diff.ts";

/** A file, link or submodule in a commit's tree. */
export interface TreeFile {
  /** Relative to the root of the tree. */
  readonly path: string;
  /** In octal, six digits. */
  readonly mode: string;
  /** Blob, or of a submodule its commit. */
  readonly oid: string;
}

/**
 * Reads what commits have at and under some paths, two git processes for all of them together.
 *
 * @param commits names for git; one that is not there, or no commit, is absent from the result.
 * @param paths relative to the root; `.` for everything.
 * @returns by the names that were given.
 */
export async function readTreeFiles(
  git: Git,
  commits: readonly string[],
  paths: readonly string[],
): Promise<Map<string, TreeFile[]>> {
  const files = new Map<string, TreeFile[]>();
  const names = [...new Set(commits)];
  if (names.length === 0 || paths.length === 0) return files;
  const trees = await findTrees(git, names);
  const byTree = new Map([...trees.values()].map((tree) => [tree, [] as TreeFile[]]));
  const present = [...byTree.keys()];
  if (present.length > 0) {
    const empty = EMPTY_TREES[present[0]!.length]!;
    const pathspecs = coverWithPathspecs(paths);
    const output = await git.require(
      ["diff-tree", "--stdin", "-r", ...RAW, "--", ...pathspecs],
      { stdin: present.map((tree) => `${empty} ${tree}\n`).join("") },
    );
    readInto(byTree, output, 1);
  }
  for (const [name, tree] of trees) files.set(name, byTree.get(tree)!);
  return files;
}

/**
 * Reads what one commit has at and under some paths that others have not, or have otherwise; two git processes for
 * all of them together. What is gone is left out.
 *
 * @param commits names for git; one that is not there, or no commit, is absent from the result.
 * @param to the commit that they are compared with.
 * @param paths relative to the root; `.` for everything.
 * @returns by the names that were given.
 */
export async function readNewFiles(
  git: Git,
  commits: readonly string[],
  to: string,
  paths: readonly string[],
): Promise<Map<string, TreeFile[]>> {
  const files = new Map<string, TreeFile[]>();
  if (commits.length === 0 || paths.length === 0) return files;
  const trees = await findTrees(git, [...new Set([...commits, to])]);
  const toTree = trees.get(to);
  if (toTree === undefined) return files;
  const byTree = new Map([...trees.values()].map((tree) => [tree, [] as TreeFile[]]));
  const output = await git.require(
    ["diff-tree", "--stdin", "-r", ...RAW, "--diff-filter=d", "--", ...coverWithPathspecs(paths)],
    { stdin: [...byTree.keys()].map((tree) => `${tree} ${toTree}\n`).join("") },
  );
  readInto(byTree, output, 0);
  for (const name of commits) {
    const found = byTree.get(trees.get(name) ?? "");
    if (found !== undefined) files.set(name, found);
  }
  return files;
}

/** By the length of object names: SHA-1, SHA-256. Git knows it without its being there. */
const EMPTY_TREES: Readonly<Record<number, string>> = {
  40: "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  64: "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
};

async function findTrees(git: Git, names: readonly string[]): Promise<Map<string, string>> {
  const output = await git.text(["cat-file", "--batch-check=%(objectname)"], {
    stdin: names.map((name) => `${name}^{tree}\n`).join(""),
  });
  const trees = new Map<string, string>();
  for (const [at, line] of output.split("\n").entries()) {
    // git-cat-file(1): "NAME missing", and the like
    if (/^[0-9a-f]+$/.test(line)) trees.set(names[at]!, line);
  }
  return trees;
}

/** @param side which tree of each pair is the one that is meant. */
function readInto(
  byTree: ReadonlyMap<string, TreeFile[]>,
  output: Uint8Array,
  side: 0 | 1,
): void {
  for (const [pair, changes] of rawChangesByName(output)) {
    const files = byTree.get(pair.split(" ")[side]!);
    for (const { path, after: { mode, oid } } of changes) files?.push({ path, mode, oid });
  }
}
