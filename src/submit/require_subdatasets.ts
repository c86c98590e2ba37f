import { isWithin, joinPath, pathRelativeTo } from "../paths/root_paths.ts";
import { join } from "node:path";
import { badOutput } from "../datalad/claimed_path.ts";
import type { Dataset } from "../datalad/dataset.ts";
import { findSubdatasets } from "../datalad/subdatasets.ts";
import type { Git } from "../git/git.ts";
import { KnownSubmodules } from "../git/known_submodules.ts";
import { attachHead, installSubmodule } from "../git/submodules.ts";

/** Is told the path of each subdataset that was installed; `null`: none is to be installed. */
export type OnInstall = ((path: string) => void) | null;

/**
 * Looks at the subdatasets that a job's files are in, at any depth: outputs in a repository that is no
 * subdataset are refused, and subdatasets that are not installed are installed. Those around which an
 * output lies are left as they are.
 *
 * @param outputs claims; `inputs` the same for what is only read. Both relative to the root.
 * @throws {UserError} `BAD_OUTPUT`, or `GIT_FAILED` with git's words if one cannot be installed; no job
 * was submitted.
 */
export async function requireSubdatasets(
  dataset: Dataset,
  outputs: readonly string[],
  inputs: readonly string[],
  onInstall: OnInstall,
): Promise<void> {
  await visit(dataset.submodules, ".", { written: outputs, read: inputs });

  async function visit(
    submodules: KnownSubmodules,
    path: string,
    { written, read }: FilesOfJob,
  ): Promise<void> {
    const { git, root } = submodules;
    const { subdatasets, foreign } = await findSubdatasets(submodules, [...written, ...read]);
    for (const folder of foreign) {
      if (within(folder, written).length > 0) throw foreignRepository(joinPath(path, folder));
    }
    for (const subdataset of subdatasets) {
      const own = {
        written: within(subdataset.path, written),
        read: within(subdataset.path, read),
      };
      if (own.written.length + own.read.length === 0) continue;
      const place = joinPath(path, subdataset.path);
      const inner = git.at(join(root, subdataset.path));
      if (!subdataset.isInstalled) {
        if (onInstall === null) continue;
        await installSubmodule(git, subdataset);
        await completeInstallation(inner);
        onInstall(place);
      }
      await visit(new KnownSubmodules(inner, join(root, subdataset.path)), place, own);
    }
  }
}

/** Relative to the repository in question. */
interface FilesOfJob {
  readonly written: readonly string[];
  readonly read: readonly string[];
}

/** Those of `paths` that are `folder` or lie in it, relative to it. */
function within(folder: string, paths: readonly string[]): string[] {
  return paths.filter((path) => isWithin(folder, path))
    .map((path) => pathRelativeTo(folder, path)!);
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
