import { join } from "node:path";
import { badOutput, isWithin } from "../../datalad/claimed_path.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { findSubdatasets, joinPath, seenFrom } from "../../datalad/subdatasets.ts";
import type { Git } from "../../git/git.ts";
import { attachHead, installSubmodule } from "../../git/submodules.ts";

/**
 * Looks at the subdatasets that a job's files are in, at any depth: outputs in a repository that is no
 * subdataset are refused, and subdatasets that are not installed are installed. Those around which an
 * output lies are left as they are.
 *
 * @param outputs claims; `inputs` the same for what is only read. Both relative to the root.
 * @param onInstall told of each one that was installed; `null`: none is.
 * @throws {UserError} `BAD_OUTPUT`, or `GIT_FAILED` with git's words if one cannot be installed; no job
 * was submitted.
 */
export async function requireSubdatasets(
  dataset: Dataset,
  outputs: readonly string[],
  inputs: readonly string[],
  onInstall: ((path: string) => void) | null,
): Promise<void> {
  await visit(dataset.git, dataset.root, ".", outputs, inputs);

  async function visit(
    git: Git,
    root: string,
    path: string,
    written: readonly string[],
    read: readonly string[],
  ): Promise<void> {
    const { subdatasets, foreign } = await findSubdatasets(git, root, [...written, ...read]);
    for (const folder of foreign) {
      if (within(folder, written).length > 0) throw foreignRepository(joinPath(path, folder));
    }
    for (const subdataset of subdatasets) {
      const [ownWritten, ownRead] = [
        within(subdataset.path, written),
        within(subdataset.path, read),
      ];
      if (ownWritten.length + ownRead.length === 0) continue;
      const place = joinPath(path, subdataset.path);
      const inner = git.at(join(root, subdataset.path));
      if (!subdataset.isInstalled) {
        if (onInstall === null) continue;
        await installSubmodule(git, subdataset);
        await completeInstallation(inner);
        onInstall(place);
      }
      await visit(inner, join(root, subdataset.path), place, ownWritten, ownRead);
    }
  }
}

/** Those of `paths` that are `folder` or lie in it, as seen from there. */
function within(folder: string, paths: readonly string[]): string[] {
  return paths.filter((path) => isWithin(folder, path))
    .map((path) => seenFrom(folder, path)!);
}

/** Does what DataLad does beyond a checkout: a branch, and git-annex where the origin uses it. */
async function completeInstallation(git: Git): Promise<void> {
  await attachHead(git);
  const annex = await git.text(["for-each-ref", "refs/remotes/origin/git-annex"]);
  if (annex !== "") await git.require(["annex", "init", "--quiet"]);
}

function foreignRepository(path: string) {
  return badOutput(
    path,
    "it is a Git repository of its own, and no subdataset that the dataset's HEAD knows",
    `make it one: datalad save "${path}"; or schedule the job there: dlslurm schedule -d "${path}" …`,
  );
}
