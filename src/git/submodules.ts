import { join } from "node:path";
import { lstatIfPresent } from "../fs/if_present.ts";
import { textOf } from "../process/runner.ts";
import type { Git } from "./git.ts";
import { gitFailed } from "./git.ts";
import { decodePath, splitNul } from "./path_bytes.ts";

/** The mode of a gitlink: a tree's entry that names a commit of another repository. */
export const GITLINK_MODE = "160000";

/** A submodule as `.gitmodules` lists it, whether it is checked out or not. */
export interface Submodule {
  /** Relative to the root of the work tree. */
  readonly path: string;
  /** As it stands there: `./sub` is relative to where the repository itself was cloned from. */
  readonly url: string | undefined;
}

/** Whether the work tree has submodules, as far as `.gitmodules` tells; without a look at git. */
export async function hasSubmodules(root: string): Promise<boolean> {
  return await lstatIfPresent(join(root, ".gitmodules")) !== undefined;
}

/** Reads `.gitmodules` (gitmodules(5)) with one git call; none where there is no such file. */
export async function listSubmodules(git: Git, root: string): Promise<Submodule[]> {
  if (!await hasSubmodules(root)) return [];
  const args = [
    "config",
    "-z",
    "-f",
    ".gitmodules",
    "--get-regexp",
    "^submodule\\..*\\.(path|url)$",
  ];
  const result = await git.run(args);
  // git-config(1): 1 when nothing matches.
  if (result.code > 1) throw gitFailed(args, result);
  const byName = new Map<string, { path?: string; url?: string }>();
  for (const item of splitNul(result.stdout)) {
    const [, name, key, value] = /^submodule\.(.*)\.(path|url)\n(.*)$/s.exec(decodePath(item)) ??
      [];
    if (name === undefined) continue;
    byName.set(name, { ...byName.get(name), [key!]: value });
  }
  return [...byName.values()].flatMap(({ path, url }) => path === undefined ? [] : [{ path, url }]);
}

/** Command lines have an end: so many paths at once. */
const PATHS_PER_CALL = 1_000;

/** Finds which of `paths` are gitlinks in the tree of `commit`, and what they point at. */
export async function readGitlinks(
  git: Git,
  commit: string,
  paths: readonly string[],
): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for (let start = 0; start < paths.length; start += PATHS_PER_CALL) {
    const some = paths.slice(start, start + PATHS_PER_CALL);
    const output = await git.require(["ls-tree", "-z", "--full-tree", commit, "--", ...some]);
    for (const item of splitNul(output)) {
      // git-ls-tree(1): mode SP type SP oid TAB path
      const text = decodePath(item);
      const tab = text.indexOf("\t");
      const [mode, , oid] = text.slice(0, tab).split(" ");
      if (mode === GITLINK_MODE) links.set(text.slice(tab + 1), oid!);
    }
  }
  return links;
}

/** Whether `commit` is `other` or one of its ancestors; also `false` if one of them is not there. */
export async function isAncestor(git: Git, commit: string, other: string): Promise<boolean> {
  return (await git.run(["merge-base", "--is-ancestor", commit, other])).code === 0;
}

/**
 * Checks a submodule out at the commit that HEAD records, cloning it where needed; its HEAD is then
 * detached. Repeating it is harmless.
 *
 * @throws {UserError} `GIT_FAILED` with git's own words.
 */
export async function installSubmodule(git: Git, submodule: Submodule): Promise<void> {
  // A path relative to where this repository came from is as trusted as that place is; of other
  // paths git's own configuration decides (git-config(1), protocol.allow).
  const isRelative = submodule.url?.startsWith("./") || submodule.url?.startsWith("../");
  const allow = isRelative ? ["-c", "protocol.file.allow=always"] : [];
  await git.require([...allow, "submodule", "update", "--init", "--quiet", "--", submodule.path]);
}

/**
 * Puts a detached HEAD on a branch that is at the same commit, a local one or one of `origin`, as
 * DataLad does after it has installed a subdataset. Without such a branch HEAD stays detached.
 */
export async function attachHead(git: Git): Promise<void> {
  const head = await git.run(["symbolic-ref", "--quiet", "HEAD"]);
  if (head.code === 0) return;
  const args = ["for-each-ref", "--points-at=HEAD", "--format=%(refname)"];
  const refs = textOf(await git.require([...args, "refs/heads", "refs/remotes/origin"])).split(
    "\n",
  );
  const local = refs.find((ref) => ref.startsWith("refs/heads/"));
  if (local !== undefined) {
    await git.require(["symbolic-ref", "HEAD", local]);
    return;
  }
  const remote = refs.map((ref) => ref.slice("refs/remotes/origin/".length))
    .find((name) => name !== "" && !/^(HEAD|git-annex|synced\/.*)$/.test(name));
  // Where a local branch of this name is at another commit, git refuses, and HEAD stays detached.
  if (remote !== undefined) {
    // By its full name: a tag, too, may be called "origin/main".
    const from = `refs/remotes/origin/${remote}`;
    await git.run(["checkout", "--quiet", "-b", remote, "--track", from]);
  }
}
