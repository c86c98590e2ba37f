import { joinBytes } from "../process/join_bytes.ts";
import { gitFailed } from "./git.ts";
import type { Git } from "./git.ts";
import { decodePath, encodePath, joinNul, splitNul } from "./path_bytes.ts";
import { RAW, rawChangesByName, readRawDiff } from "./raw_diff.ts";
import type { RawChange } from "./raw_diff.ts";

/** Git's mode of a symbolic link, in trees and in the index. */
export const LINK_MODE: string = "120000";

/** How a path differs from HEAD. */
export interface Change {
  /** Relative to the work tree's root. */
  readonly path: string;
  /** `modify` stands for a new mode or file type, too. */
  readonly kind: "add" | "modify" | "delete";
  /** New file mode in octal, six digits (`100644`, `120000` for a link); `000000` for `delete`. */
  readonly mode: string;
  /** Blob of the new content; zeros for `delete` and where the content is not hashed yet. */
  readonly oid: string;
}

/** What may have to be committed. */
export interface Candidates {
  /** Files that are there: new, changed, or only touched. */
  readonly present: readonly string[];
  /** Those of `present` that the index does not have. */
  readonly untracked: readonly string[];
  /** Tracked files that are not there any more. */
  readonly deleted: readonly string[];
  /** Files that are there, not tracked, and ignored. */
  readonly ignored: readonly string[];
  /** Those of the files asked for that are ignored. */
  readonly leftOut: readonly string[];
  /** Folders that could not be looked into, and tracked files that could not be looked at. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Finds what differs from HEAD under `pathspecs` in index or work tree, what is untracked there, and which
 * of `files` are not ignored: candidates, since a changed time alone is enough to be listed. Submodules are not looked at. Some changes beside `pathspecs` may be told, too.
 *
 * @param pathspecs none for nothing, not for everything.
 * @param walks how many share the walk through the work tree; each reads the index.
 */
export async function findCandidates(
  git: Git,
  headOid: string,
  pathspecs: readonly string[],
  files: readonly string[],
  walks = 1,
): Promise<Candidates> {
  if (pathspecs.length === 0) {
    const present = await withoutIgnored(git, files);
    const leftOut = without(files, present);
    return { present, untracked: [], deleted: [], ignored: [], leftOut, unreadable: [] };
  }
  const args = ["ls-files", "-z", "--others", "--exclude-standard"];
  const fewer = coverWithPathspecs(pathspecs, MOST_INDEX_PATHSPECS);
  const [listed, { changes, stderr }, ignored, wanted] = await Promise.all([
    listAll(git, args, pathspecs, walks),
    diffIndexWithWords(git, ["--ignore-submodules=all"], headOid, fewer),
    listAll(git, [...args, "--ignored"], pathspecs, walks),
    withoutIgnored(git, files),
  ]);
  const untracked = listed.paths;
  const present = new Set(untracked);
  const deleted: string[] = [];
  for (const change of changes) {
    if (change.kind !== "delete") present.add(change.path);
    // Taken out of the index but still on disk, it is untracked and stays.
    else if (!present.has(change.path)) deleted.push(change.path);
  }
  for (const file of wanted) present.add(file);
  // git passes over what it cannot read, with a word on standard error and exit status 0.
  const unreadable = [
    ...listed.stderr.matchAll(/could not open directory '(.*?)\/?': (.*)/g),
    ...stderr.matchAll(/^(.+): ([A-Z][^:\n]*)$/gm),
  ].map((match) => ({ path: match[1]!, reason: match[2]! }));
  return {
    present: [...present],
    untracked,
    deleted,
    ignored: ignored.paths,
    leftOut: without(files, wanted),
    unreadable,
  };
}

function without(files: readonly string[], some: readonly string[]): string[] {
  const left = new Set(some);
  return files.filter((file) => !left.has(file));
}

/** What `git ls-files` lists under `pathspecs`, each path once, and its words on standard error. */
async function listAll(
  git: Git,
  args: readonly string[],
  pathspecs: readonly string[],
  walks: number,
): Promise<{ readonly paths: string[]; readonly stderr: string }> {
  const size = Math.ceil(pathspecs.length / walks);
  const shares: string[][] = [];
  for (let start = 0; start < pathspecs.length; start += size) {
    shares.push(pathspecs.slice(start, start + size));
  }
  const listings = await Promise.all(shares.map(async (share) => {
    const listed = await git.run([...args, "--", ...share]);
    if (listed.code !== 0) throw gitFailed(args, listed);
    return listed;
  }));
  const items = listings.flatMap(({ stdout }) => [...splitNul(stdout)]);
  return {
    paths: [...new Set(items.map(decodePath))],
    stderr: listings.map(({ stderr }) => stderr).join(""),
  };
}

/** Leaves out what git ignores; a tracked file is never ignored. */
export async function withoutIgnored(git: Git, files: readonly string[]): Promise<string[]> {
  if (files.length === 0) return [];
  const args = ["check-ignore", "-z", "--stdin"];
  // It refuses to take paths literally, and does so anyway but for a leading ":".
  const result = await git.run(args, {
    stdin: joinNul(files.map((file) => `./${file}`)),
    env: { GIT_LITERAL_PATHSPECS: undefined },
  });
  // git-check-ignore(1): 1 when none of them is ignored.
  if (result.code > 1) throw gitFailed(args, result);
  const ignored = new Set([...splitNul(result.stdout)].map((item) => decodePath(item).slice(2)));
  return files.filter((file) => !ignored.has(file));
}

/** Finds what each of `commits` changed against its first parent; later ones come over earlier ones. */
export async function findCommittedChanges(
  git: Git,
  commits: readonly string[],
): Promise<Change[]> {
  return lastByPath([...(await findChangesByCommit(git, commits)).values()].flat());
}

/** Each path once, with the last of its changes. */
export function lastByPath(changes: readonly Change[]): Change[] {
  return [...new Map(changes.map((change) => [change.path, change])).values()];
}

/**
 * Finds what each commit changed against its first parent, or all that it has if it is a root commit,
 * with one git call.
 *
 * @param lines a commit each; of a merge with its first parent behind it.
 * @param pathspecs where to look; everywhere if there are none. A commit that changed nothing there is absent.
 */
export async function findChangesByCommit(
  git: Git,
  lines: readonly string[],
  pathspecs: readonly string[] = [],
): Promise<Map<string, Change[]>> {
  if (lines.length === 0) return new Map();
  const args = ["diff-tree", "--stdin", "--root", "-r", ...RAW, "--"];
  const output = await git.require([...args, ...pathspecs], { stdin: `${lines.join("\n")}\n` });
  return new Map(
    [...rawChangesByName(output)].map(([commit, changes]) => [commit, changes.map(changeOf)]),
  );
}

/** Finds what differs between two commits under `pathspecs`; everywhere if there are none. */
export async function findTreeChanges(
  git: Git,
  from: string,
  to: string,
  pathspecs: readonly string[] = [],
): Promise<Change[]> {
  const args = ["diff-tree", "-r", ...RAW, from, to, "--"];
  return parseRawDiff(await git.require([...args, ...pathspecs]));
}

/** Finds what differs between `headOid` and the index under `pathspecs`. */
export async function findStagedChanges(
  git: Git,
  headOid: string,
  pathspecs: readonly string[],
): Promise<Change[]> {
  return await diffIndex(git, ["--cached"], headOid, pathspecs);
}

async function diffIndex(
  git: Git,
  options: readonly string[],
  headOid: string,
  pathspecs: readonly string[],
): Promise<Change[]> {
  return (await diffIndexWithWords(git, options, headOid, pathspecs)).changes;
}

async function diffIndexWithWords(
  git: Git,
  options: readonly string[],
  headOid: string,
  pathspecs: readonly string[],
): Promise<{ readonly changes: Change[]; readonly stderr: string }> {
  const args = ["diff-index", ...RAW, ...options, headOid, "--"];
  const result = await git.run([...args, ...pathspecs]);
  if (result.code !== 0) throw gitFailed(args, result);
  return { changes: parseRawDiff(result.stdout), stderr: result.stderr };
}

/** Reads `git diff-index --raw -z`. */
export function parseRawDiff(output: Uint8Array): Change[] {
  return [...readRawDiff(output)].flatMap((item) =>
    typeof item === "string" ? [] : [changeOf(item)]
  );
}

function changeOf({ path, status, after: { mode, oid } }: RawChange): Change {
  return { path, kind: status === "A" ? "add" : status === "D" ? "delete" : "modify", mode, oid };
}

/** So many fit a command line; they guide git where it walks through folders or trees. */
const MOST_PATHSPECS = 1_000;
/**
 * Where git goes through its index it compares each entry with each pathspec, 10 ms for each in an index
 * of a million. To look at some more files is the lesser cost.
 */
export const MOST_INDEX_PATHSPECS = 32;

/**
 * Pathspecs that cover all `paths`, at most `most`: where there are too many, the deepest give way to the
 * folder above them. What they cover beyond `paths` must be left out again.
 */
export function coverWithPathspecs(paths: Iterable<string>, most = MOST_PATHSPECS): string[] {
  let cover = new Set(paths);
  while (cover.size > most && !cover.has(".")) {
    let deepest = 0;
    for (const path of cover) deepest = Math.max(deepest, depthOf(path));
    const higher = new Set<string>();
    for (const path of cover) {
      higher.add(depthOf(path) < deepest ? path : parentOf(path));
    }
    cover = higher;
  }
  return cover.has(".") ? ["."] : [...cover].sort();
}

function depthOf(path: string): number {
  return path.split("/").length;
}

function parentOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end);
}

/**
 * Puts deletions before the rest, so that a folder can take the place of a file, and each group in
 * the order of names.
 */
export function inTreeOrder(changes: readonly Change[]): Change[] {
  const rank = (change: Change) => change.kind === "delete" ? 0 : 1;
  return [...changes].sort((a, b) =>
    rank(a) - rank(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
  );
}

/** Renders changes for `git update-index -z --index-info`, in the order that it can follow. */
export function renderIndexInfo(changes: readonly Change[]): Uint8Array {
  const encoder = new TextEncoder();
  return joinBytes(
    inTreeOrder(changes).flatMap((change) => [
      // Mode 0 takes an entry out; its oid is zeros already.
      encoder.encode(`${change.kind === "delete" ? "0" : change.mode} ${change.oid}\t`),
      encodePath(change.path),
      new Uint8Array(1),
    ]),
  );
}
