import { openDataset } from "../../datalad/dataset.ts";
import type { Dataset } from "../../datalad/dataset.ts";
import { jobsOfId } from "../../jobs/earlier_ids.ts";
import { toUserError } from "../../process/system_error.ts";
import { JobStore } from "../../store/job_store.ts";
import { recoverAndSettle } from "../../submit/settle_earlier.ts";
import {
  findOntoWorktrees,
  hasJobs,
  isOntoWorktree,
  isWhole,
} from "../../worktrees/onto_worktree.ts";
import { tidyOntoWorktrees } from "../../worktrees/tidy_worktrees.ts";
import type { CommandContext } from "../context.ts";
import type { FinishOnce, FinishOrder } from "./finish_options.ts";

/**
 * Finishes jobs of a dataset and of the worktrees in which `reschedule --onto` has had jobs run, each on its
 * own branch, one worktree after the other, and removes the worktrees in which nothing is left to do. In such
 * a worktree itself only its own.
 *
 * @param order its job IDs are of any of them; none: all open jobs.
 * @param finishHere does it in one work tree.
 */
export async function finishEverywhere(
  dataset: Dataset,
  { jobIds, options }: FinishOrder,
  context: CommandContext,
  finishHere: FinishOnce,
): Promise<void> {
  const beganMs = context.now().getTime();
  const remaining = () =>
    options.timeout === undefined
      ? options
      : { ...options, timeout: Math.max(0, options.timeout - (context.now().getTime() - beganMs)) };
  const elsewhere = await isOntoWorktree(dataset)
    ? []
    : await findElsewhere(dataset, jobIds, context);
  const named = new Set(elsewhere.flatMap((each) => each.jobIds));
  const here = jobIds.filter((jobId) => !named.has(jobId));
  if (jobIds.length === 0 || here.length > 0) {
    const saysNothing = elsewhere.length > 0;
    const order = { jobIds: here, options: { ...remaining(), saysNothing } };
    await finishHere(dataset, order, context);
  }
  for (const { dataset: onto, jobIds: own } of elsewhere) {
    const order = { jobIds: own, options: { ...remaining(), dataset: onto.root } };
    await finishHere(onto, order, context);
  }
  using store = JobStore.openToLook(dataset);
  await tidyOntoWorktrees(dataset, store, context.cwd, context);
}

/** A worktree with jobs, and which of them are meant: none for all. */
interface Elsewhere {
  readonly dataset: Dataset;
  readonly jobIds: readonly string[];
}

async function findElsewhere(
  dataset: Dataset,
  jobIds: readonly string[],
  context: CommandContext,
): Promise<Elsewhere[]> {
  using store = JobStore.openIn(dataset);
  // A submission that was cut short may be a job of one of them.
  await recoverAndSettle({ dataset, store, session: context });
  const found: Elsewhere[] = [];
  for (const worktree of await findOntoWorktrees(dataset)) {
    if (!hasJobs(store, worktree) || !await isWhole(worktree)) continue;
    const open = store.listOpen(worktree.id!);
    const own = jobIds.filter((name) => jobsOfId(open, name).length > 0);
    if (open.length === 0 || (jobIds.length > 0 && own.length === 0)) continue;
    try {
      const onto = await openDataset(context.runner, worktree.folder, undefined);
      if (onto.worktree === worktree.id) found.push({ dataset: onto, jobIds: own });
    } catch (error) {
      // Another user's, perhaps, whom git does not trust.
      context.warn(`jobs in "${worktree.folder}" are left: ${toUserError(error).message}`);
    }
  }
  return found;
}
