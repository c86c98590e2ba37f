import type { Dataset } from "../../datalad/dataset.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import type { JobStore } from "../../store/job_store.ts";
import { submitAsArrays } from "./bulk_array.ts";
import { BulkReport } from "./bulk_report.ts";
import { BulkRun } from "./bulk_run.ts";
import type { StopReason } from "./bulk_run.ts";
import { submitSingly } from "./bulk_single.ts";
import type { CommandContext } from "../context.ts";
import { prepareFiles } from "../submit/prepare_files.ts";

/** sbatch at once, unless the user says otherwise: gentle to slurmctld, and three waits less of four. */
export const GENTLE_PARALLEL = 4;

/** What became of waiting rows. */
export interface SubmittedRows {
  /** How many rows are jobs now. */
  readonly submitted: number;
  /** Why the others are not; `null` where each was tried. */
  readonly stop: StopReason | null;
}

/**
 * Submits waiting rows: prepares the files of all, then runs their submission commands, some at once, or
 * those of array jobs. What could not be submitted for want of room waits on.
 *
 * @param parallel submissions at once.
 * @throws {UserError} `ANNEX_FAILED`, `COPY_FAILED`: nothing was submitted, all rows wait.
 */
export async function submitWaiting(
  dataset: Dataset,
  store: JobStore,
  keys: readonly number[],
  parallel: number,
  context: CommandContext,
): Promise<SubmittedRows> {
  const { singles, arrays } = await prepareRows(dataset, store, keys, context);
  using progress = context.progress("submitting", keys.length);
  using run = new BulkRun(dataset, store, context, progress, keys.length);
  try {
    if (arrays.length > 0) await submitAsArrays(run, arrays);
    if (!run.isStopped) await submitSingly(run, singles, parallel);
    else if (run.stop === "site") store.waiting.markForSite(singles);
  } finally {
    // Also after a failure: what was submitted is known to Slurm.
    await run.complete();
    run.report.summarise();
  }
  return { submitted: run.report.submittedRows, stop: run.stop };
}

/** Prepares the files of all rows together; none of the commands has begun. */
async function prepareRows(
  dataset: Dataset,
  store: JobStore,
  keys: readonly number[],
  context: CommandContext,
): Promise<{ readonly singles: number[]; readonly arrays: number[] }> {
  const singles: number[] = [];
  const arrays: number[] = [];
  const together = new Map<
    string,
    { row: WaitingJob; inputs: Set<string>; toUnlock: Set<string> }
  >();
  for (const row of store.waiting.read(keys)) {
    (row.plan.array === null ? singles : arrays).push(row.key);
    const name = JSON.stringify([row.plan.transfers, row.altDir, row.pwd]);
    const same = together.get(name) ?? { row, inputs: new Set(), toUnlock: new Set() };
    together.set(name, same);
    for (const input of row.plan.inputs) same.inputs.add(input);
    for (const path of row.plan.toUnlock) same.toUnlock.add(path);
  }
  using _progress = context.progress("preparing files");
  for (const { row, inputs, toUnlock } of together.values()) {
    const { plan } = row;
    await prepareFiles(
      dataset,
      { ...plan, request: row, inputs: [...inputs], toUnlock: [...toUnlock] },
      context,
    );
  }
  return { singles, arrays };
}

/** Says what is left to do, and how. */
export function reportRest(
  dataset: Dataset,
  store: JobStore,
  { stop }: SubmittedRows,
  context: CommandContext,
): void {
  const waiting = store.listing.count(dataset.worktree, ["waiting"]);
  if (waiting === 0) return;
  const reasons = {
    site: "waiting: the site takes no more jobs for now",
    interrupted: "waiting: you stopped it",
    failures: "waiting: several submissions in a row went wrong",
  };
  new BulkReport(dataset, context, 0).leftAlone(
    waiting,
    stop === null ? "waiting" : reasons[stop],
    `${stop === "site" ? "dlslurm finish, or " : ""}dlslurm schedule --continue submits them; ` +
      "dlslurm finish --close-waiting-jobs gives them up",
  );
}
