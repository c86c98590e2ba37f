/**
 * DataLad's conventions, of which nothing is run: they are files, configuration and commit messages.
 *
 * A *dataset* is a Git work tree, usually with a *dataset ID* in `.datalad/config`, often with git-annex;
 * a plain repository counts, too. A *run record* is the JSON in a commit message that says how the commit
 * came about; a *sidecar* is a file that holds such a record in its place. A *placeholder* is a `{name}`
 * in a command. A *claim* is an output path made comparable: relative to the root, through no link.
 *
 * @module
 */

import { dirname, join, resolve } from "node:path";
import { lstatIfPresent } from "../fs/if_present.ts";
import { Git } from "../git/git.ts";
import type { GitConfig } from "../git/git_config.ts";
import { readGitConfig } from "../git/git_config.ts";
import { openRepository } from "../git/repository.ts";
import type { Repository } from "../git/repository.ts";
import type { Runner } from "../process/runner.ts";

/** A Git work tree, with git-annex or without, a DataLad dataset or not. */
export interface Dataset extends Repository {
  /** Git's and the dataset's configuration, as it was when the dataset was opened. */
  readonly config: GitConfig;
  /** `datalad.dataset.id`; `null` in a plain repository. */
  readonly dsid: string | null;
  /** Whether the repository was initialised for git-annex. */
  readonly hasAnnex: boolean;
}

/**
 * Opens the dataset that `cwd` is in, or the one that was named, with two child processes.
 *
 * @throws {UserError} As {@linkcode openRepository}.
 */
export async function openDataset(
  runner: Runner,
  cwd: string,
  named: string | undefined,
): Promise<Dataset> {
  const directory = named === undefined ? cwd : resolve(cwd, named);
  // Where the root is, a look at the folders nearly always tells: then git answers both at once.
  const likelyRoot = await findGitFolder(directory);
  const early = likelyRoot === undefined ? undefined : readConfigOf(runner, likelyRoot);
  early?.catch(() => undefined); // what is wrong, openRepository says better
  const repository = await openRepository(runner, directory);
  const config = early !== undefined && repository.root === likelyRoot
    ? await early
    : await readConfigOf(runner, repository.root);
  return {
    ...repository,
    config,
    dsid: config.getOfDataset("datalad.dataset.id") ?? config.get("datalad.dataset.id") ?? null,
    hasAnnex: config.get("annex.uuid") !== undefined,
  };
}

function readConfigOf(runner: Runner, root: string): Promise<GitConfig> {
  return readGitConfig(new Git(runner, root), root);
}

async function findGitFolder(directory: string): Promise<string | undefined> {
  for (let folder = directory;; folder = dirname(folder)) {
    if (await lstatIfPresent(join(folder, ".git")) !== undefined) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}
