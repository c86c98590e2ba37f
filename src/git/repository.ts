import { isAbsolute, join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { lstatIfPresent, statIfPresent } from "../fs/if_present.ts";
import type { Runner } from "../process/runner.ts";
import { textOf } from "../process/runner.ts";
import { Git, gitFailed } from "./git.ts";

/** A Git work tree and what is checked out in it. */
export interface Repository {
  /** Root of the work tree, absolute, links resolved. */
  readonly root: string;
  /** The work tree's own git directory, absolute. */
  readonly gitDir: string;
  /** The git directory that all work trees share, absolute. */
  readonly commonDir: string;
  /** The work tree's index, absolute. */
  readonly indexFile: string;
  /** Where hooks are, `core.hooksPath` or the common directory\'s own folder; absolute. */
  readonly hooksFolder: string;
  /** Name of a linked work tree; empty for the main one. */
  readonly worktree: string;
  /** The commit that was checked out when the repository was opened; others may have moved on. */
  readonly headOid: string;
  /** The ref that HEAD points at (`refs/heads/main`), or `null` when it is detached. */
  readonly branch: string | null;
  /** Git in the root, with the user's own index. */
  readonly git: Git;
}

/**
 * Finds the work tree that `directory` is in, with one `git rev-parse`.
 *
 * @throws {UserError} `NOT_A_REPOSITORY`, `BARE_REPOSITORY` or `NO_COMMIT`.
 */
export async function openRepository(runner: Runner, directory: string): Promise<Repository> {
  const here = new Git(runner, directory);
  const args = [
    "rev-parse",
    "--is-bare-repository",
    "--show-toplevel",
    "--absolute-git-dir",
    "--git-path",
    "index",
    "--git-path",
    "hooks",
    "--git-common-dir",
    "HEAD",
    "--symbolic-full-name",
    "HEAD",
  ];
  // What comes before the first thing that fails is printed all the same.
  if ((await statIfPresent(directory))?.isDirectory !== true) {
    throw new UserError(
      "NOT_A_REPOSITORY",
      `Cannot find a dataset: there is no folder "${directory}"`,
      {
        hint: "cd into the dataset, or name it with -d",
      },
    );
  }
  const result = await here.run(args);
  const [bare, root, gitDir, indexFile, hooksFolder, commonDir, headOid, branch] = textOf(
    result.stdout,
  )
    .split("\n");
  if (bare === "true") {
    throw new UserError(
      "BARE_REPOSITORY",
      `Cannot work in "${directory}": the repository is bare`,
      {
        hint: "clone it, and schedule in the clone",
      },
    );
  }
  if (
    root === undefined || commonDir === undefined || gitDir === undefined || !indexFile ||
    !hooksFolder
  ) {
    const isMissing = /not a git repository|must be run in a work tree/.test(result.stderr);
    if (!isMissing) throw gitFailed(args, result);
    throw new UserError(
      "NOT_A_REPOSITORY",
      `Cannot find a dataset: "${directory}" is not inside a Git work tree`,
      { hint: "cd into the dataset, or name it with -d; datalad create -c text2git makes one" },
    );
  }
  if (result.code !== 0 || headOid === undefined || branch === undefined) {
    throw new UserError("NO_COMMIT", `Cannot work in "${root}": the repository has no commit yet`, {
      hint: `save the job scripts first: git add . && git commit -m "add job scripts"`,
    });
  }
  const common = absoluteFrom(directory, commonDir);
  return {
    root,
    gitDir,
    commonDir: common,
    indexFile: absoluteFrom(directory, indexFile),
    hooksFolder: absoluteFrom(directory, hooksFolder),
    worktree: resolve(gitDir) === resolve(common) ? "" : gitDir.slice(gitDir.lastIndexOf("/") + 1),
    headOid,
    branch: branch === "HEAD" || branch === "" ? null : branch,
    git: new Git(runner, root),
  };
}

/** Reads HEAD again: its commit and the ref it points at. */
export async function readHead(
  git: Git,
): Promise<{ readonly headOid: string; readonly branch: string | null }> {
  const [headOid, branch] = (await git.text(["rev-parse", "HEAD", "--symbolic-full-name", "HEAD"]))
    .split("\n");
  return { headOid: headOid!, branch: branch === undefined || branch === "HEAD" ? null : branch };
}

/** What git calls the operation that has stopped half-way in this work tree, if any. */
export async function findOperationInProgress(repository: Repository): Promise<string | undefined> {
  const traces = [
    ["rebase-merge", "rebase"],
    [join("rebase-apply", "applying"), "am"],
    ["rebase-apply", "rebase"],
    ["MERGE_HEAD", "merge"],
    ["CHERRY_PICK_HEAD", "cherry-pick"],
    ["REVERT_HEAD", "revert"],
    ["BISECT_LOG", "bisect"],
  ] as const;
  for (const [file, name] of traces) {
    if (await lstatIfPresent(join(repository.gitDir, file)) !== undefined) return name;
  }
  return undefined;
}

function absoluteFrom(directory: string, path: string): string {
  return isAbsolute(path) ? path : resolve(directory, path);
}
