import type { Dataset } from "../../datalad/dataset.ts";
import { openDatasetTree } from "../../datalad/subdatasets.ts";
import { UserError } from "../../errors.ts";
import { findCommittedChanges } from "../../git/changes.ts";
import type { Change } from "../../git/changes.ts";
import { moveRefs } from "../../git/move_branch.ts";
import { readHead } from "../../git/repository.ts";
import { restorePaths } from "../../git/restore_paths.ts";
import { GITLINK_MODE } from "../../git/submodules.ts";
import type { WrittenPaths } from "../../jobs/attribution.ts";
import type { JobStore } from "../../store/job_store.ts";
import { buildParts, lastChanges } from "./build_parts.ts";
import type { BuiltPart, JobToCommit } from "./build_parts.ts";
import type { CommitShape } from "./commit_shape.ts";
import { warn } from "../context.ts";
import type { CommandContext } from "../context.ts";
import { bottomUp, stageParts } from "./stage_parts.ts";
import type { Part } from "./stage_parts.ts";

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

/** A branch that others move all the time is not chased for ever. */
const MOST_ATTEMPTS = 5;

/**
 * Commits the outputs of `jobs`, one commit each in every dataset that they wrote to: for a dataset, one
 * look at the claimed paths, one import, one move of the refs. The commits of a superdataset refer to
 * those of its subdatasets, job by job.
 *
 * Order, and what a crash leaves: contents reach git or the annex (unreferenced, found again);
 * commits are built (unreferenced) while git-annex notes where the contents are; their oids and the coming moves are noted in the store; the branches
 * move, subdatasets first (the next run moves those that are left, or none if none was); the indices
 * follow; the jobs are ended by the caller.
 *
 * @param others further open jobs, whose files inside these claims are left to them.
 * @throws {UserError} `NO_IDENTITY`, `INDEX_LOCKED`, `BRANCH_MOVED`, `GIT_FAILED`, `DISK`: all jobs stay
 * open, and unless the error says otherwise nothing is committed.
 */
export async function commitJobs(
  dataset: Dataset,
  store: JobStore,
  jobs: readonly JobToCommit[],
  others: readonly WrittenPaths[],
  shape: CommitShape,
  context: CommandContext,
): Promise<Map<number, CommitOutcome>> {
  using progress = context.progress(`committing ${jobs.length} job${jobs.length === 1 ? "" : "s"}`);
  await using stack = new AsyncDisposableStack();
  const failures = new Map<number, UserError>();
  const paths = jobs.flatMap((job) => [...job.claims, ...job.slurmOutputs]);
  const tree = await openDatasetTree(context.runner, dataset, paths);
  progress.say("adding outputs");
  const top = await stageParts(tree, { jobs, others, failures, stack }, context);
  const parts = bottomUp(top);
  const heads = new Map(parts.map((part) => [part, part.dataset.headOid]));
  const good = jobs.filter((job) => !failures.has(job.key));
  let built = new Map<Part, BuiltPart>();
  const moved = new Set<Part>();
  for (let attempt = 1;; attempt++) {
    context.interrupted.throwIfAborted();
    const kept = new Map([...built].filter(([part]) => moved.has(part)));
    progress.say("building commits");
    built = await buildParts(parts, good, shape, heads, kept, context);
    const whole = built.get(top);
    if (whole === undefined) return outcomesOf(jobs, failures, built, top);
    for (const part of parts) await part.locationLog;
    noteCommits(store, dataset, built, heads, top);
    progress.say("moving the branch");
    const stuck = await movePart(built, moved, whole.oidByJob.size);
    if (stuck === undefined) break;
    if (moved.size === 0) store.forgetCommits(whole.oidByJob.keys());
    heads.set(stuck, await headAfterMove(stuck, attempt, moved.size > 0));
  }
  const isWhole = failures.size === 0;
  for (const [part, { changed, oids }] of built) {
    const hasHead = heads.get(part) === part.dataset.headOid;
    const changes = changed.flatMap((job) => job.changes);
    // A hook may have staged more: then the commits say what there is.
    const written = part.checks === null
      ? changes
      : [...changes, ...await findCommittedChanges(part.dataset.git, oids)];
    const isExact = isWhole && part.checks === null && hasHead;
    await publish(part, lastChanges(part, written, built), isExact, shape);
    warnOfSubdataset(part, shape, context);
  }
  return outcomesOf(jobs, failures, built, top);
}

/** Notes what is about to happen; one transaction. A move in a single dataset needs no further note. */
function noteCommits(
  store: JobStore,
  dataset: Dataset,
  built: ReadonlyMap<Part, BuiltPart>,
  heads: ReadonlyMap<Part, string>,
  top: Part,
): void {
  const moves = built.size === 1
    ? []
    : [...built].flatMap(([part, { updates }]) =>
      updates.map((update) => ({
        ...update,
        worktree: dataset.worktree,
        path: part.path,
        baseOid: heads.get(part)!,
      }))
    );
  store.storeCommits(built.get(top)!.oidByJob, heads.get(top)!, moves);
}

/**
 * Moves the refs of all parts that are not in `moved`, which grows.
 *
 * @returns the part whose branch another process has moved; those behind it were left alone.
 */
async function movePart(
  built: ReadonlyMap<Part, BuiltPart>,
  moved: Set<Part>,
  count: number,
): Promise<Part | undefined> {
  const reason = `dlslurm finish: ${count} job${count === 1 ? "" : "s"}`;
  for (const [part, { updates }] of built) {
    if (moved.has(part)) continue;
    if (!await moveRefs(part.dataset.git, updates, reason)) return part;
    moved.add(part);
  }
  return undefined;
}

/** Has index and work tree follow the refs. */
async function publish(
  part: Part,
  written: readonly Change[],
  isExact: boolean,
  shape: CommitShape,
): Promise<void> {
  const { dataset, index, withoutTimes } = part;
  // On branches of their own, the outputs are not part of what is checked out.
  if (shape === "branches") return await restorePaths(dataset, written);
  // If another branch was checked out meanwhile, its index is not ours to change.
  if ((await readHead(dataset.git)).branch !== dataset.branch) return;
  if (isExact) await index.set(written.filter((change) => change.mode === GITLINK_MODE));
  await index.publish(written, isExact, withoutTimes);
}

function warnOfSubdataset(part: Part, shape: CommitShape, context: CommandContext): void {
  const { path, recordedOid, dataset } = part;
  if (recordedOid === null) return;
  if (recordedOid !== dataset.headOid) {
    warn(
      context,
      `the subdataset "${path}" was at ${dataset.headOid.slice(0, 10)}, not at the recorded ` +
        `${recordedOid.slice(0, 10)}: what had been committed there is now recorded, too`,
    );
  }
  if (dataset.branch === null && shape !== "branches") {
    warn(
      context,
      `the subdataset "${path}" has no branch checked out: no branch of its own holds the new ` +
        `commits; git -C "${path}" switch -c NAME keeps them`,
    );
  }
}

function outcomesOf(
  jobs: readonly JobToCommit[],
  failures: ReadonlyMap<number, UserError>,
  built: ReadonlyMap<Part, BuiltPart>,
  top: Part,
): Map<number, CommitOutcome> {
  const saved = Map.groupBy(
    [...built].flatMap(([{ path }, { changed, oidByJob }]) =>
      changed.map(({ key, changes }) => ({ key, path, oid: oidByJob.get(key)!, changes }))
    ),
    ({ key }) => key,
  );
  return new Map(jobs.map(({ key }): [number, CommitOutcome] => {
    const error = failures.get(key);
    if (error !== undefined) return [key, { kind: "failed", error }];
    const oid = built.get(top)?.oidByJob.get(key);
    if (oid === undefined) return [key, { kind: "unchanged" }];
    return [key, { kind: "committed", oid, saved: saved.get(key)! }];
  }));
}

async function headAfterMove(part: Part, attempt: number, isBegun: boolean): Promise<string> {
  const { dataset } = part;
  const head = await readHead(dataset.git);
  if (head.branch === dataset.branch && attempt < MOST_ATTEMPTS) return head.headOid;
  throw new UserError(
    "BRANCH_MOVED",
    `Cannot commit in "${dataset.root}": ${
      head.branch === dataset.branch
        ? `another process keeps moving "${dataset.branch ?? "HEAD"}"`
        : `another branch was checked out meanwhile`
    }. ${
      isBegun
        ? "The next finish will complete what was begun in the subdatasets"
        : "Nothing was committed"
    }, the jobs stay open`,
    { hint: "dlslurm finish" },
  );
}
