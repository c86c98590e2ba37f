import { join } from "node:path";
import type { Dataset } from "../../datalad/dataset.ts";
import { readHeadFiles } from "../../git/head_files.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import type { Session } from "../../session/session.ts";
import type { JobStore } from "../../store/job_store.ts";
import { usersOfJobs } from "../users_of_jobs.ts";
import type { SharedJob } from "./shared_claims.ts";

/**
 * The open jobs of all work trees of this clone as others are to see them, in the order of their submission. In a
 * copy of a dataset the jobs of the first one are that one's to show.
 */
export async function listOwnClaims(
  dataset: Dataset,
  store: JobStore,
  session: Session,
): Promise<SharedJob[]> {
  const open = store.listing.openEverywhere();
  const copied = store.findCopied(open.map(({ jobKey }) => jobKey))?.keys;
  const jobs = open.filter(({ jobKey }) => copied?.has(jobKey) !== true);
  const users = await usersOfJobs(jobs, session.runner);
  const branches = await branchesOf(dataset, jobs);
  return jobs.map(({ jobKey, jobId, cluster, submittedAtMs, worktree, altDir, outputs }) => ({
    ...{ jobId, cluster, submittedAtMs, altDir },
    user: users.get(jobKey) ?? null,
    branch: branches.get(worktree) ?? null,
    claims: [...outputs],
  }));
}

/** What is checked out in the work trees of jobs. */
async function branchesOf(
  { commonDir }: Dataset,
  jobs: readonly SubmittedJob[],
): Promise<Map<string, string | null>> {
  const branches = new Map<string, string | null>();
  for (const worktree of new Set(jobs.map((job) => job.worktree))) {
    const gitDir = worktree === "" ? commonDir : join(commonDir, "worktrees", worktree);
    branches.set(worktree, (await readHeadFiles(gitDir, commonDir))?.branch ?? null);
  }
  return branches;
}
