/**
 * `dlslurm finish`: commits what jobs wrote that have ended, and ends them in the store.
 *
 * What earlier runs left is settled first. A *decision* says what becomes of a job by what Slurm says of it:
 * it is *committed*, *closed*, given up with its files left as they are, or *left* open. A job is *out of
 * reach* if no finish can commit it here: its worktree is gone, or it belongs to the original of a copy.
 *
 * @module
 */

import { ClaimSharing } from "../../claims/shared/share_claims.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { findOperationInProgress, readHead } from "../../git/repository.ts";
import { isLabel, parseJobName } from "../../jobs/label.ts";
import { JobStore } from "../../store/job_store.ts";
import { withNotice } from "../../notify/notice.ts";
import { NOTIFY_SETTING } from "../option_values.ts";
import type { CommandContext } from "../context.ts";
import { reportDamaged } from "../../submit/damaged_jobs.ts";

import { mentionExtensionJobs } from "../../extension/mention_jobs.ts";
import { takeFinishLease } from "../../commit/finish_lease.ts";
import { warnOfRemovedWorktrees } from "./give_up.ts";
import { requireOneJob } from "./further_outputs.ts";
import { refuseContradictions } from "./refuse_contradictions.ts";
import { finishOpenJobs } from "./finish_open_jobs.ts";
import type { FinishOptions, FinishOrder } from "./finish_options.ts";
import { finishWaitingRows } from "./finish_waiting_rows.ts";
import { removeArrayBundles } from "../../submit/array_bundles.ts";
import { findOntoWorktrees, workTreesOf } from "../../worktrees/onto_worktree.ts";

/** Finishes, closes or lists open jobs. */
export async function runFinish(options: FinishOptions, context: CommandContext): Promise<void> {
  const named = options.jobIds.map(parseJobName);
  refuseContradictions(options);
  const dataset = await context.openDataset(options.dataset);
  if (options.listOpenJobs === true) {
    using store = JobStore.openToLook(dataset);
    const { listOpenJobs } = await import("../list/list.ts");
    await listOpenJobs(dataset, store, context);
    await mentionExtensionJobs(dataset, store, context);
    return;
  }
  const workTrees = named.some(isLabel) ? await workTreesOf(dataset) : [];
  const jobIds = jobIdsOf(dataset, named, workTrees);
  requireOneJob(options, jobIds);
  const others = options.submit === true || options.unattended !== undefined
    ? []
    : await findOntoWorktrees(dataset);
  if (others.length > 0) {
    const { finishEverywhere } = await import("./finish_onto.ts");
    return await finishEverywhere(dataset, { jobIds, options }, context, finishHere);
  }
  await finishHere(dataset, { jobIds, options }, context);
}

/** Finishes jobs of one work tree, at once or when they have ended. */
async function finishHere(
  dataset: Dataset,
  order: FinishOrder,
  context: CommandContext,
): Promise<void> {
  const { options } = order;
  if (options.submit === true) {
    const { submitFinish } = await import("./submit_finish.ts");
    return await submitFinish(dataset, order, context);
  }
  const isLong = options.wait === true || options.unattended !== undefined;
  const notice = options.notify ?? (isLong ? dataset.config.get(NOTIFY_SETTING) : undefined);
  const subject = { command: "finish", dataset: dataset.root };
  await withNotice(notice, subject, context, async (counted) => {
    if (options.unattended !== undefined) {
      const { finishUnattended } = await import("./submit_finish.ts");
      return await finishUnattended(dataset, order, counted, finish);
    }
    if (options.wait !== true) return await finish(dataset, order, counted);
    const { waitAndFinish } = await import("./wait_and_finish.ts");
    await waitAndFinish(dataset, order, counted, finish);
  });
}

function jobIdsOf(
  dataset: Dataset,
  named: readonly string[],
  workTrees: readonly string[],
): readonly string[] {
  if (!named.some(isLabel)) return named;
  using store = JobStore.openToLook(dataset);
  return withoutLabels(store, named, workTrees);
}

async function finish(
  dataset: Dataset,
  order: FinishOrder,
  context: CommandContext,
): Promise<void> {
  const { jobIds, options, isWanted } = order;
  using store = JobStore.openIn(dataset);
  await using _sharing = ClaimSharing.of(dataset, store, context);
  let altDirs: ReadonlySet<string | null>;
  {
    await using lease = await takeFinishLease(dataset, context);
    // Until the lease was ours another finish may have moved it.
    const current = { ...dataset, ...await readHead(dataset) };
    await requireCommittable(current);
    altDirs = await finishOpenJobs(current, store, { ...order, beganMs: lease.takenMs }, context);
  }
  await removeArrayBundles(dataset, store, altDirs, context);
  if (jobIds.length === 0) {
    await finishWaitingRows(dataset, store, options, context);
    // Of finishes one after the other one tells it.
    if (isWanted === undefined) warnOfRemovedWorktrees(store, context);
    reportDamaged(dataset, store, "slurm-finish", context);
  }
  if (isWanted === undefined) await mentionExtensionJobs(dataset, store, context);
}

/**
 * Job IDs in place of labels: those of all open jobs that have one.
 *
 * @throws {UserError} `UNKNOWN_JOB` if none has it.
 */
function withoutLabels(
  store: JobStore,
  names: readonly string[],
  workTrees: readonly string[],
): string[] {
  return names.flatMap((name) => {
    if (!isLabel(name)) return [name];
    const ids = workTrees.flatMap((worktree) => store.listing.labelled(worktree, name))
      .flatMap(({ stage, jobId }) => stage === "open" && jobId !== null ? [jobId] : []);
    if (ids.length > 0) return ids;
    throw new UserError(
      "UNKNOWN_JOB",
      `Cannot finish "${name}": no open job has that label`,
      {
        unchanged: "Nothing was committed",
        hint: "dlslurm list shows the open jobs with their labels",
      },
    );
  });
}

/**
 * @throws {UserError} `HEAD_DETACHED` or `OPERATION_IN_PROGRESS`.
 */
async function requireCommittable(dataset: Dataset): Promise<void> {
  const operation = await findOperationInProgress(dataset);
  if (operation !== undefined) {
    throw new UserError(
      "OPERATION_IN_PROGRESS",
      `Cannot commit in "${dataset.root}": a ${operation} is under way`,
      {
        unchanged: "Nothing was committed, the jobs stay open",
        hint: operation === "bisect"
          ? "git bisect reset, then run the same command again"
          : `git ${operation} --continue, or git ${operation} --abort; then run the same command again`,
      },
    );
  }
  if (dataset.branch === null) {
    throw new UserError(
      "HEAD_DETACHED",
      `Cannot commit in "${dataset.root}": HEAD is detached at ${dataset.headOid.slice(0, 10)}`,
      {
        unchanged: "Nothing was committed, the jobs stay open",
        hint: "git switch BRANCH, then run the same command again",
      },
    );
  }
}
