import type { Dataset } from "../datalad/dataset.ts";
import { UserError } from "../errors.ts";
import type { Change } from "../git/changes.ts";
import { firstOf } from "../session/name_list.ts";
import type { BuiltPart, JobToCommit } from "./build_datasets.ts";
import type { StagedDataset } from "./stage_datasets.ts";

/** One commit of a job. */
export interface SavedPart {
  /** The dataset, relative to the topmost root; `.` for that. */
  readonly path: string;
  /** The job's commit there. */
  readonly oid: string;
  /** What it changed, relative to that dataset; a subdataset's new commit is one of mode 160000. */
  readonly changes: readonly Change[];
}

/** What became of a job to be committed. */
export type CommitOutcome =
  | {
    readonly kind: "committed";
    /** The commit in the topmost dataset. */
    readonly oid: string;
    /** All its commits, subdatasets before those that hold them. */
    readonly saved: readonly SavedPart[];
  }
  | { readonly kind: "unchanged" }
  | { readonly kind: "failed"; readonly error: UserError };

/** What became of jobs, by their keys: a failure counts more than a commit. */
export function outcomesOf(
  jobs: readonly JobToCommit[],
  failures: ReadonlyMap<number, UserError>,
  built: ReadonlyMap<StagedDataset, BuiltPart>,
  top: StagedDataset,
): Map<number, CommitOutcome> {
  const saved = Map.groupBy(
    [...built].flatMap(([{ path }, { changed, oidByJob }]) =>
      changed.map(({ key, changes }) => ({ key, path, oid: oidByJob.get(key)!, changes }))
    ),
    ({ key }) => key,
  );
  return new Map(jobs.map(({ key, failureIfUnchanged }): [number, CommitOutcome] => {
    const oid = built.get(top)?.oidByJob.get(key);
    const error = failures.get(key) ?? (oid === undefined ? failureIfUnchanged : undefined);
    if (error !== undefined) return [key, { kind: "failed", error }];
    if (oid === undefined) return [key, { kind: "unchanged" }];
    return [key, { kind: "committed", oid, saved: saved.get(key)! }];
  }));
}

/** The error for a job whose commit is on no branch any more. */
export function overtaken({ root, branch }: Dataset, oid: string): UserError {
  return new UserError(
    "BRANCH_MOVED",
    `Cannot finish in "${root}": another process set "${
      branch ?? "HEAD"
    }" just after it had moved, and ` +
      `commit ${oid} is no longer on any branch`,
    {
      unchanged: "The job stays open",
      hint:
        `dlslurm finish commits the outputs again; to keep that commit as well: git branch NAME ${
          oid.slice(0, 10)
        }`,
    },
  );
}

/** The error for a job that is not open any more. */
export function endedMeanwhile(jobs: readonly JobToCommit[], key: number): UserError {
  const { jobId } = jobs.find((job) => job.key === key)!;
  return new UserError(
    "UNKNOWN_JOB",
    `Cannot commit job ${jobId}: another process has finished or closed it meanwhile`,
    { hint: "dlslurm list --all" },
  );
}

/** What is left as it was where no branch has moved. */
export const NOTHING_COMMITTED = "Nothing was committed, the jobs stay open";

/** What is left as it was where the commits fail, by the datasets whose branches have moved already. */
export function leftBy(moved: ReadonlySet<StagedDataset>): string {
  if (moved.size === 0) return NOTHING_COMMITTED;
  const roots = [...moved].map(({ dataset }) => `"${dataset.root}"`);
  return `What is committed in ${
    firstOf(roots, MOST_NAMED)
  } already stays; the jobs stay open until ` +
    "the next finish has completed it";
}

/** More datasets than this are counted. */
const MOST_NAMED = 5;
