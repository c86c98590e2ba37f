import type { Dataset } from "../../datalad/dataset.ts";
import type { JobStore } from "../../store/job_store.ts";
import type { CommandContext } from "../context.ts";
import { dropWaiting } from "../../claims/make_room.ts";
import { ofDataset } from "../../session/result_record.ts";

/** What of finish's options matters here. */
export interface WaitingRowsOptions {
  /** Give all waiting rows up. */
  readonly closeWaitingJobs?: boolean | undefined;
}

/**
 * Sees to the rows of tables once open jobs were finished: those that wait because the site took no more
 * jobs are submitted, as many as it takes now, or all waiting rows are given up.
 */
export async function finishWaitingRows(
  dataset: Dataset,
  store: JobStore,
  options: WaitingRowsOptions,
  context: CommandContext,
): Promise<void> {
  if (options.closeWaitingJobs === true) {
    await closeAll(dataset, store, context);
    return;
  }
  const keys = store.waiting.keys(dataset.worktree, true);
  if (keys.length === 0 && store.listing.count(dataset.worktree, ["waiting"]) === 0) return;
  // All that submits is loaded only then: rows seldom wait.
  const { GENTLE_PARALLEL, reportRest, submitWaiting } = await import(
    "../../submit/rows/submit_waiting.ts"
  );
  const open = { dataset, store, session: context };
  const result = keys.length === 0
    ? { submitted: 0, stop: null }
    : await submitWaiting(open, { keys, parallel: GENTLE_PARALLEL });
  reportRest(open, result);
}

async function closeAll(
  dataset: Dataset,
  store: JobStore,
  context: CommandContext,
): Promise<void> {
  // Also what nothing else would ever give up: of removed worktrees, and of a dataset that was copied.
  const rows = [
    ...store.listing.newest(dataset.worktree, ["waiting"], undefined),
    ...store.listing.ofRemovedWorktrees().filter(({ stage }) => stage === "waiting"),
  ];
  const keys = rows.map(({ jobKey }) => jobKey);
  await dropWaiting(dataset, store, keys);
  const told = keys.length === 1 ? "1 waiting row is" : `${keys.length} waiting rows are`;
  context.report({
    ...ofDataset(dataset, "slurm-finish", keys.length === 0 ? "notneeded" : "ok"),
    message: keys.length === 0 ? "no rows wait" : `${told} given up: their outputs are free`,
  });
}
