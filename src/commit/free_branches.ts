import { UserError } from "../errors.ts";
import { shellName } from "../shell/shell_name.ts";
import type { JobToCommit } from "./build_datasets.ts";
import { branchName } from "./commit_shape.ts";
import { hasPartBelow } from "./stage_datasets.ts";
import type { StagedDataset } from "./stage_datasets.ts";

/**
 * Fails the jobs whose branch cannot be made: an older job with the same ID has it, or the user has made it, or
 * one whose name begins with it and a slash.
 *
 * @param failures grows.
 */
export async function requireFreeBranches(
  jobs: readonly JobToCommit[],
  parts: readonly StagedDataset[],
  failures: Map<number, UserError>,
): Promise<void> {
  for (const part of parts) {
    const { git, root } = part.dataset;
    const names = await git.text(["for-each-ref", "--format=%(refname:lstrip=2)", ...BRANCHES]);
    // By the name that is taken: what takes it.
    const taken = new Map(names.split("\n").map((name) => [name.split("/", 1)[0]!, name]));
    for (const { key, jobId } of jobs) {
      const name = branchName(jobId);
      if (failures.has(key) || !getsCommit(part, key)) continue;
      const holder = taken.get(name);
      if (holder !== undefined) failures.set(key, branchTaken(jobId, holder, root));
      // Jobs of two clusters, or one whose ID Slurm has given anew, may have the same.
      else taken.set(name, name);
    }
  }
}

const BRANCHES = [`refs/heads/${branchName("*")}`, `refs/heads/${branchName("*")}/**`];

/** Whether a job gets a commit in a dataset: for files, new commits of subdatasets, or its record alone. */
function getsCommit(part: StagedDataset, key: number): boolean {
  return part.changes.has(key) || part.savedByOthers.has(key) || hasPartBelow(part, key);
}

function branchTaken(jobId: string, holder: string, root: string): UserError {
  const name = branchName(jobId);
  const problem = holder === name
    ? `there is a branch "${name}" in "${root}"`
    : `the branch "${holder}" in "${root}" allows for no branch "${name}"`;
  const other = `${name}-old${holder.slice(name.length)}`;
  return new UserError(
    "BRANCH_EXISTS",
    `Cannot commit job ${jobId} on a branch of its own: ${problem}`,
    {
      unchanged: "The job stays open",
      hint: `git -C ${shellName(root)} branch -m ${shellName(holder)} ${
        shellName(other)
      } gives it another name; then: dlslurm finish ${jobId} --branches`,
    },
  );
}
