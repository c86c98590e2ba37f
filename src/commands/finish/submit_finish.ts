import type { Dataset } from "../../datalad/dataset.ts";
import { UserError } from "../../errors.ts";
import { JobStore } from "../../store/job_store.ts";
import { submitFinishingJob } from "../../submit/finishing/submit_finishing_job.ts";
import { USUAL_POLL_MS } from "../../waiting/pauses.ts";
import { waitForJobs } from "../../waiting/wait_for_jobs.ts";
import type { CommandContext } from "../context.ts";
import { ALL_JOBS, findNamed, listOpenJobs, listRepeated } from "../jobs/named_jobs.ts";
import { openIdsOf, resolveNames } from "../jobs/named_jobs.ts";
import type { FinishOnce, FinishOptions, FinishOrder } from "./finish_options.ts";
import { whenLeaseIsFree } from "./wait_and_finish.ts";
import { ofDataset } from "../../session/result_record.ts";

/** Options that a finishing job takes over, as they are typed. */
const SWITCHES = {
  "--close-failed-jobs": "closeFailedJobs",
  "--commit-failed-jobs": "commitFailedJobs",
  "--commit-completed-tasks": "commitCompletedTasks",
  "--discard": "discard",
  "--require-outputs": "requireOutputs",
  "--allow-no-outputs": "allowNoOutputs",
  "--branches": "branches",
  "--octopus": "octopus",
} as const satisfies Readonly<Record<string, keyof FinishOptions>>;

/** Options that make sense only where somebody is there. */
const REFUSED = {
  "--wait": "wait",
  "--each": "each",
  "--close-unknown-jobs": "closeUnknownJobs",
  "--commit-unknown-jobs": "commitUnknownJobs",
  "--close-waiting-jobs": "closeWaitingJobs",
} as const satisfies Readonly<Record<string, keyof FinishOptions>>;

/**
 * Submits a job that finishes the open jobs once they have ended.
 *
 * @throws {UserError} `USAGE`, `UNKNOWN_JOB`, and as {@linkcode submitFinishingJob}.
 */
export async function submitFinish(
  dataset: Dataset,
  { jobIds, options }: FinishOrder,
  context: CommandContext,
): Promise<void> {
  const refused = Object.entries(REFUSED).find(([, name]) => options[name] === true)?.[0] ??
    (options.output.length > 0 ? "--output" : undefined);
  if (refused !== undefined) {
    throw new UserError("USAGE", `Cannot use ${refused} with --submit`, {
      unchanged: "Nothing was submitted",
      hint: "dlslurm finish --submit -- --time=30",
    });
  }
  const jobs = listOpenJobs(dataset, resolveNames(dataset, jobIds, context));
  if (jobs.length === 0) {
    context.report({
      ...ofDataset(dataset, "slurm-finish [submit]", "notneeded"),
      message: "there are no open jobs",
    });
    return;
  }
  using store = JobStore.openIn(dataset);
  const request = { words: wordsOf(jobIds, options), options: options.sbatchOptions ?? [] };
  await submitFinishingJob(dataset, store, { jobs, request, place: context }, context);
}

function wordsOf(jobIds: readonly string[], options: FinishOptions): string[] {
  return [
    ...Object.entries(SWITCHES).filter(([, name]) => options[name] === true).map(([word]) => word),
    ...(options.message === undefined ? [] : [`--message=${options.message}`]),
    ...(options.notify === undefined ? [] : [`--notify=${options.notify}`]),
    ...jobIds,
  ];
}

/** Slurm starts the job when the others have ended; accounting may be that much behind. */
const LATE_ACCOUNTING_MS = 900_000;

/**
 * What a finishing job does: it finishes all that has ended. Rows of tables that it submits, because there is
 * room for them now, get a finishing job, too.
 */
export async function finishUnattended(
  dataset: Dataset,
  { jobIds, options }: FinishOrder,
  context: CommandContext,
  finish: FinishOnce,
): Promise<void> {
  const token = options.unattended!;
  const beganMs = context.now().getTime();
  const before = new Set<number>();
  const named = findNamed(dataset, jobIds);
  try {
    const awaited = readAwaited(dataset, token);
    if (awaited.size > 0) {
      await waitForJobs(dataset, {
        pollMs: USUAL_POLL_MS,
        timeoutMs: LATE_ACCOUNTING_MS,
        listJobs: () => listOpenJobs(dataset, named).filter(({ jobKey }) => awaited.has(jobKey)),
        listRepeated: () => listRepeated(dataset, named),
        onLook: () => Promise.resolve(),
      }, context);
    }
    for (const { jobKey } of listOpenJobs(dataset, named)) before.add(jobKey);
    // Named ones that somebody has finished meanwhile are not asked for again.
    const ids = openIdsOf(dataset, named);
    if (jobIds.length > 0 && ids.length === 0) return;
    await whenLeaseIsFree(() => finish(dataset, { jobIds: ids, options }, context), context);
  } finally {
    // Not at the beginning: Slurm runs a job again whose node has failed.
    using store = JobStore.openIn(dataset);
    store.finishing.forget(dataset.worktree, token);
  }
  const isNew = listOpenJobs(dataset, ALL_JOBS).some((job) =>
    job.row !== null && !before.has(job.jobKey) && (job.acceptedAtMs ?? 0) >= beganMs
  );
  if (isNew && jobIds.length === 0) await submitFinish(dataset, { jobIds, options }, context);
}

/** Keys of the jobs that a finishing job was to wait for. */
function readAwaited(dataset: Dataset, token: string): ReadonlySet<number> {
  using store = JobStore.openToLook(dataset);
  const noted = store.finishing.find(dataset.worktree);
  return new Set(noted?.token === token ? noted.awaited : []);
}
