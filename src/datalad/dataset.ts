import { resolve } from "node:path";
import { Git } from "../git/git.ts";
import type { GitConfig } from "../git/git_config.ts";
import { readGitConfig } from "../git/git_config.ts";
import { openRepository } from "../git/repository.ts";
import type { Repository } from "../git/repository.ts";
import type { Runner } from "../process/runner.ts";

/** A Git work tree, with git-annex or without, a DataLad dataset or not. */
export interface Dataset extends Repository {
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
  const repository = await openRepository(runner, directory);
  const config = await readGitConfig(new Git(runner, repository.root), repository.root);
  return {
    ...repository,
    config,
    dsid: config.getOfDataset("datalad.dataset.id") ?? config.get("datalad.dataset.id") ?? null,
    hasAnnex: config.get("annex.uuid") !== undefined,
  };
}
