import type { Dataset } from "../../datalad/dataset.ts";
import type { SubmittedJob } from "../../jobs/job.ts";
import { isJobOrTaskOf } from "../../jobs/job_id.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import type { FinishOptions } from "./finish_options.ts";

/** A job that no finish can ever commit. */
interface JobOutOfReach {
  readonly key: number;
  readonly jobId: string;
  /** What is the matter with it, behind "job 12". */
  readonly reason: string;
  /** What else may be done about it than to give it up. */
  readonly advice: string;
}

/**
 * Ends jobs that were named and that no finish can commit, on the user's word: those of a worktree that
 * was removed, those of a dataset that this one was copied from, and those of which the store cannot
 * be read. Slurm is not asked. Without that word they are reported, and stay as they are.
 *
 * @param jobIds none of them of an open job of this worktree.
 * @returns those that are no such job.
 */
export function giveUpOutOfReach(
  dataset: Dataset,
  store: JobStore,
  jobIds: readonly string[],
  { copied, options, context }: {
    readonly copied: CopiedJobs;
    readonly options: Pick<FinishOptions, "closeFailedJobs" | "closeUnknownJobs">;
    readonly context: CommandContext;
  },
): string[] {
  if (jobIds.length === 0) return [];
  const outOfReach = findOutOfReach(store, copied);
  const isGivenUp = options.closeFailedJobs === true || options.closeUnknownJobs === true;
  const left: string[] = [];
  for (const jobId of jobIds) {
    const own = outOfReach.filter((each) => isJobOrTaskOf(each.jobId, jobId));
    if (own.length === 0) left.push(jobId);
    for (const job of own) {
      const because = `given up by the user: ${job.reason}`;
      if (isGivenUp) store.end([job.key], "closed", context.now().getTime(), because);
      context.report({
        action: "slurm-finish",
        status: isGivenUp ? "ok" : "impossible",
        refds: dataset.root,
        slurmJobId: job.jobId,
        message: `Slurm job ${job.jobId}: ${job.reason}. ` +
          (isGivenUp ? "Closed as requested, without asking Slurm" : "It stays open"),
        ...(isGivenUp ? {} : {
          errorCode: "UNKNOWN_JOB",
          hint: `dlslurm finish ${job.jobId} --close-unknown-jobs gives it up here; ${job.advice}`,
        }),
      });
    }
  }
  return left;
}

function findOutOfReach(store: JobStore, { jobs, original }: CopiedJobs): JobOutOfReach[] {
  const removed = store.listing.ofRemovedWorktrees().flatMap(({ jobKey, jobId, worktree }) => {
    const reason = `its worktree "${worktree}" is not there`;
    const advice =
      `if it runs: scancel ${jobId}; git worktree repair finds one that was moved by hand`;
    return jobId === null ? [] : [{ key: jobKey, jobId, reason, advice }];
  });
  const damaged = store.damaged.all.flatMap(({ key, jobId, column }) => {
    const reason = `its "${column}" in the store is not as it should be`;
    return jobId === null ? [] : [{ key, jobId, reason, advice: "or fix it: dlslurm list" }];
  });
  const elsewhere = jobs.map(({ jobKey, jobId }) => ({
    key: jobKey,
    jobId,
    reason: `it is one of "${original}", of which this dataset is a copy`,
    advice: "finish it there",
  }));
  return [...removed, ...damaged, ...elsewhere];
}

/** Jobs that were open when the dataset was copied: they write to the first one. */
export interface CopiedJobs {
  /** Of this worktree. */
  readonly jobs: readonly SubmittedJob[];
  /** Git's common directory of the first one. */
  readonly original: string;
}

/** Separates the jobs of another dataset from those that may be finished here, and reports them. */
export function withoutCopied(
  store: JobStore,
  jobs: readonly SubmittedJob[],
  context: CommandContext,
): { readonly own: readonly SubmittedJob[]; readonly copied: CopiedJobs } {
  const found = store.findCopied(jobs.map(({ jobKey }) => jobKey));
  const { own = [], theirs = [] } = Object.groupBy(
    jobs,
    ({ jobKey }) => found?.keys.has(jobKey) ? "theirs" : "own",
  );
  const copied = { jobs: theirs, original: found?.original ?? "" };
  if (theirs.length > 0) {
    const what = theirs.length === 1 ? "1 open job is one" : `${theirs.length} open jobs are those`;
    context.warn(
      `${what} of "${copied.original}", of which this dataset is a copy: finish them there`,
    );
  }
  return { own, copied };
}

/** Warns of jobs of removed worktrees, which nothing else mentions. */
export function warnOfRemovedWorktrees(store: JobStore, context: CommandContext): void {
  const count = store.listing.ofRemovedWorktrees().length;
  if (count === 0) return;
  const jobs = count === 1 ? "1 job is" : `${count} jobs are`;
  context.warn(`${jobs} of a worktree that is not there: dlslurm list --all shows which`);
}
