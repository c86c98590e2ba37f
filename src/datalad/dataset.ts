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

import { resolve } from "node:path";
import { awaitsAnnex } from "../annex/annex_branch.ts";
import { Git } from "../git/git.ts";
import { GitConfig, readGitConfig } from "../git/git_config.ts";
import type { ConfigValues } from "../git/git_config.ts";
import { openPlainRepository } from "../git/plain_repository.ts";
import { openRepository, requireFolder, settingsForPlace } from "../git/repository.ts";
import type { Repository } from "../git/repository.ts";
import { KnownSubmodules } from "../git/known_submodules.ts";
import type { Runner } from "../process/runner.ts";
import { readDatasetConfig } from "./dataset_config.ts";

/** A Git work tree, with git-annex or without, a DataLad dataset or not. */
export interface Dataset extends Repository {
  /** Git's configuration and what counts of the dataset's, as it was when the dataset was opened. */
  readonly config: GitConfig;
  /** `datalad.dataset.id`, if it looks like one; `null` in a plain repository. */
  readonly dsid: string | null;
  /** Whether the repository was initialised for git-annex. */
  readonly hasAnnex: boolean;
  /**
   * Whether it was not, and git-annex does so by itself at its next command, as in each clone of a dataset with an
   * annex. Looked up at the first call.
   */
  readonly awaitsAnnex: () => Promise<boolean>;
  /** Its submodules at the HEAD at which it was opened. */
  readonly submodules: KnownSubmodules;
}

/**
 * Opens the dataset that `cwd` is in, or the one that was named, with one child process where its
 * repository is a plain one, else with two more.
 *
 * @throws {UserError} As {@linkcode openRepository} and {@linkcode readDatasetConfig}.
 */
export async function openDataset(
  runner: Runner,
  cwd: string,
  named: string | undefined,
): Promise<Dataset> {
  const directory = named === undefined ? cwd : resolve(cwd, named);
  await requireFolder(directory);
  const { repository, own } = await findRepository(runner, directory);
  const config = new GitConfig(own, await readDatasetConfig(repository.root));
  const hasAnnex = config.get("annex.uuid") !== undefined;
  let awaited = hasAnnex ? Promise.resolve(false) : undefined;
  return {
    ...repository,
    config,
    dsid: [config.getOfDataset("datalad.dataset.id"), config.getOwn("datalad.dataset.id")]
      .find((id) => id !== undefined && DSID_REGEXP.test(id)) ?? null,
    hasAnnex,
    awaitsAnnex: () => awaited ??= awaitsAnnex({ ...repository, config }),
    submodules: new KnownSubmodules(repository.git, repository.root),
  };
}

async function findRepository(
  runner: Runner,
  directory: string,
): Promise<{ readonly repository: Repository; readonly own: ConfigValues }> {
  const plain = await openPlainRepository(runner, directory);
  if (plain !== undefined) return { repository: plain.repository, own: plain.config.values };
  // Both at once; what is wrong, openRepository says better.
  const own = readGitConfig(new Git(runner, directory));
  own.catch(() => undefined);
  const repository = await openRepository(runner, directory);
  const settings = await settingsForPlace(repository.root, await own);
  return {
    repository: { ...repository, git: repository.git.withSettings(settings) },
    own: await own,
  };
}

/** DataLad's are UUIDs. It becomes part of file names and of scripts, so that nothing else may be in it. */
const DSID_REGEXP = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
