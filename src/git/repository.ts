import { isAbsolute, join, resolve } from "node:path";
import { UserError } from "../errors.ts";
import { isAbsence, lstatIfPresent, readTextIfPresent } from "../fs/if_present.ts";
import type { Runner, RunResult } from "../process/runner.ts";
import { textOf } from "../process/runner.ts";
import { shellName } from "../shell/shell_name.ts";
import { Git, gitFailed } from "./git.ts";
import { GitConfig } from "./git_config.ts";
import type { ConfigValues } from "./git_config.ts";
import { readHeadFiles } from "./head_files.ts";
import type { Head } from "./head_files.ts";
import { decodePath, isReachable } from "./path_bytes.ts";

/** A Git work tree and what is checked out in it. */
export interface Repository {
  /** Root of the work tree, absolute, links resolved. */
  readonly root: string;
  /** The work tree's own git directory, absolute, links resolved. */
  readonly gitDir: string;
  /** The git directory that all work trees share, absolute, links resolved. */
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

/** What git is asked of a repository; it answers each on a line. */
const QUESTION = [
  "rev-parse",
  "--is-bare-repository",
  "--show-toplevel",
  "--absolute-git-dir",
  ...["--git-path", "index"],
  ...["--git-path", "hooks"],
  "--git-common-dir",
  "HEAD",
  ...["--symbolic-full-name", "HEAD"],
];
const ANSWERS = 8;

/**
 * Finds the work tree that `directory` is in, with one `git rev-parse`.
 *
 * @throws {UserError} `NOT_A_REPOSITORY`, `BARE_REPOSITORY`, `NO_COMMIT` or `NAME_NOT_TEXT`.
 */
export async function openRepository(runner: Runner, directory: string): Promise<Repository> {
  await requireFolder(directory);
  // Git tells some paths absolute, and some relative to where it was asked.
  directory = await Deno.realPath(directory);
  const git = new Git(runner, directory);
  const result = await git.run(QUESTION);
  const answer = await readAnswer(git, directory, result);
  const { root, gitDir, headOid, branch } = answer;
  const toldDir = absoluteFrom(directory, answer.commonDir);
  const indexFile = absoluteFrom(directory, answer.indexFile);
  for (const path of [root, gitDir, toldDir]) await requireText(path);
  if (branch.includes("\uFFFD") && !isReachable(decodePath(result.stdout))) {
    throw branchNotText(root);
  }
  const commonDir = await resolveCommonDir(gitDir, toldDir);
  return {
    ...{ root, gitDir, commonDir, indexFile, headOid },
    hooksFolder: absoluteFrom(directory, answer.hooksFolder),
    worktree: gitDir === commonDir ? "" : gitDir.slice(gitDir.lastIndexOf("/") + 1),
    branch: branch === "HEAD" || branch === "" ? null : branch,
    git: new Git(runner, root, {}, { gitDir, commonDir, indexFile }),
  };
}

/**
 * Git resolves links in the work tree's own git directory, but not in the name of the common one where both are the
 * same: `.git` may be a link, as git-annex makes one of the file that a submodule has there.
 */
async function resolveCommonDir(gitDir: string, told: string): Promise<string> {
  // gitrepository-layout(5): that of a linked work tree is in the common one, and git has resolved both.
  const isResolved = told === gitDir || gitDir.startsWith(`${told}/worktrees/`);
  return isResolved ? told : await Deno.realPath(told);
}

/**
 * Requires that there is a folder to look for a repository from.
 *
 * @throws {UserError} `NOT_A_REPOSITORY` otherwise.
 */
export async function requireFolder(directory: string): Promise<void> {
  if (await isFolder(directory)) return;
  throw notARepository(
    `there is no folder "${directory}"`,
    "cd into the dataset, or name it with -d",
  );
}

/** Takes git's answer apart, or says why it could not give all of it. */
async function readAnswer(git: Git, directory: string, result: RunResult) {
  const lines = textOf(result.stdout).split("\n");
  // What comes before the first thing that fails is printed all the same.
  const [bare, root, gitDir, indexFile, hooksFolder, commonDir, headOid, branch] = lines;
  // One more than there are answers: a path in two lines would be taken for two others.
  if (lines.length > ANSWERS + 1) {
    throw new UserError(
      "NOT_A_REPOSITORY",
      `Cannot work in "${directory}": a line break is in the path of the repository`,
      { hint: "rename the folder that has it in its name" },
    );
  }
  if (bare === "true") {
    throw new UserError(
      "BARE_REPOSITORY",
      `Cannot work in "${directory}": the repository is bare`,
      { hint: "clone it, and schedule in the clone" },
    );
  }
  if (
    root === undefined || commonDir === undefined || gitDir === undefined || !indexFile ||
    !hooksFolder
  ) {
    if (/dubious ownership/.test(result.stderr)) throw untrusted(directory, result.stderr);
    const isMissing = /not a git repository|must be run in a work tree/.test(result.stderr);
    if (!isMissing) throw gitFailed(QUESTION, result);
    throw notARepository(
      `"${directory}" is not inside a Git worktree`,
      "cd into the dataset, or name it with -d; datalad create -c text2git makes one",
    );
  }
  if (result.code !== 0 || headOid === undefined || branch === undefined) {
    throw await damagedBranch(git, directory, gitDir) ?? await noCommit(git, root);
  }
  return { root, gitDir, indexFile, hooksFolder, commonDir, headOid, branch };
}

/** HEAD points at a branch that is there, and that git cannot read: a power cut may leave its file empty. */
async function damagedBranch(
  git: Git,
  directory: string,
  gitDir: string,
): Promise<UserError | undefined> {
  const head = await readTextIfPresent(join(gitDir, "HEAD"));
  const branch = /^ref: (refs\/heads\/.+)\n?$/.exec(head ?? "")?.[1];
  if (branch === undefined) return undefined;
  const places = [...["--git-path", branch], ...["--git-path", `logs/${branch}`]];
  const [file, log] = (await git.text(["rev-parse", ...places])).split("\n")
    .map((path) => absoluteFrom(directory, path));
  if ((await lstatIfPresent(file!))?.isFile !== true) return undefined;
  // One that stands for another branch is whole, and that one has no commit.
  if ((await readTextIfPresent(file!))?.startsWith("ref: ")) return undefined;
  // `OLD NEW NAME <MAIL> TIME ZONE`, the newest last.
  const last = (await readTextIfPresent(log!))?.trimEnd().split("\n").at(-1)?.split(" ")[1];
  const isKnown = last !== undefined && /[1-9a-f]/.test(last);
  const repair = `rm ${shellName(file!)}; git update-ref ${shellName(branch)} `;
  return new UserError("GIT_FAILED", `Cannot work in "${directory}": "${file}" names no commit`, {
    unchanged: "The branch is damaged, and nothing was changed",
    hint: isKnown
      ? `its log has it last at the commit named here: ${repair}${last}`
      : `git fsck --lost-found names commits; with the one that the branch was at: ${repair}COMMIT`,
  });
}

/** HEAD leads to no commit: there is none at all, or none on this branch. */
async function noCommit(git: Git, root: string): Promise<UserError> {
  const newest = [
    "for-each-ref",
    "--count=1",
    "--sort=-committerdate",
    "--format=%(refname:short)",
  ];
  const { stdout } = await git.run([...newest, "refs/heads", "refs/remotes"]);
  const other = textOf(stdout).trim();
  if (other === "") {
    return new UserError(
      "NO_COMMIT",
      `Cannot work in "${root}": the repository has no commit yet`,
      {
        hint: `save the job scripts first: git add . && git commit -m "add job scripts"`,
      },
    );
  }
  return new UserError(
    "NO_COMMIT",
    `Cannot work in "${root}": what is checked out has no commit, though other branches of the repository have`,
    {
      hint:
        `git switch NAME goes to one that has (git branch --all lists them; the newest is ${other}); jobs ` +
        "of that branch are finished there",
    },
  );
}

function notARepository(reason: string, hint: string): UserError {
  return new UserError("NOT_A_REPOSITORY", `Cannot find a dataset: ${reason}`, { hint });
}

/**
 * @throws {UserError} `NOT_A_REPOSITORY` where the runtime lets nobody look: below /dev, /proc and /sys.
 */
async function isFolder(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      throw new UserError(
        "NOT_A_REPOSITORY",
        `Cannot work in "${path}": dlslurm may not look below /dev, /proc and /sys`,
        { hint: "put the dataset on another file system, such as one at /tmp or /scratch" },
      );
    }
    if (isAbsence(error)) return false;
    throw error;
  }
}

/** Git runs nothing in a repository of another user, whose settings name programs to run. */
function untrusted(directory: string, stderr: string): UserError {
  const place = /repository at '(.*)'/.exec(stderr)?.[1] ?? directory;
  return new UserError(
    "GIT_FAILED",
    `Cannot work in "${place}": it belongs to another user, and git is not set to trust it`,
    {
      detail: stderr,
      hint: `if you trust it: git config --global --add safe.directory "${place}"`,
    },
  );
}

/** Requires that a path that git told has arrived as it is. */
async function requireText(path: string): Promise<void> {
  if (!path.includes("\uFFFD") || await lstatIfPresent(path) !== undefined) return;
  throw new UserError("NAME_NOT_TEXT", `Cannot work in "${path}": the path is not valid UTF-8`, {
    hint: "rename the folder, or clone the dataset into one whose whole path is UTF-8",
  });
}

/**
 * Settings in the place of those that do not fit where a repository is: one that was made on a Mac has
 * `core.ignoreCase` on, and copied to Linux keeps it, where git would take `x` and `X` for one file.
 *
 * @param root of the work tree.
 */
export async function settingsForPlace(root: string, config: ConfigValues): Promise<string[]> {
  if (new GitConfig(config).getBoolean("core.ignorecase") !== true) return [];
  // As git init finds out.
  const [own, other] = await Promise.all(
    [".git", ".GIT"].map((name) => lstatIfPresent(join(root, name))),
  );
  return own !== undefined && other === undefined ? ["core.ignoreCase=false"] : [];
}

/** What Git is told of it would name another branch. */
function branchNotText(root: string): UserError {
  return new UserError(
    "NAME_NOT_TEXT",
    `Cannot work in "${root}": the name of the branch that is checked out is not valid UTF-8`,
    { hint: `git -C ${shellName(root)} branch -m NAME gives it another` },
  );
}

/** Reads HEAD again: its commit and the ref it points at. */
export async function readHead(
  { git, gitDir, commonDir }: Pick<Repository, "git" | "gitDir" | "commonDir">,
): Promise<Head> {
  const read = await readHeadFiles(gitDir, commonDir);
  if (read !== undefined) return read;
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
