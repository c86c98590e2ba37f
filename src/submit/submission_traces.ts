import { basename, dirname, join } from "node:path";
import type { Dataset } from "../datalad/dataset.ts";
import { namesIn, removeIfPresent } from "../fs/if_present.ts";
import type { JobStore } from "../store/job_store.ts";

/** What a submission command left on disk; written by the system even if we die meanwhile. */
export interface SubmissionTraces {
  /** Absolute; made before the command starts, so that without it nothing was submitted. */
  readonly stdoutFile: string;
  /** Absolute; absent until the command has started, but in a shared repository. */
  readonly stderrFile: string;
}

/** Where the output of the submission with this key is kept until its receipt is stored. */
export function tracesOf(dataset: Dataset, key: number): SubmissionTraces {
  const folder = join(dataset.commonDir, "dlslurm", "submissions");
  return { stdoutFile: join(folder, `${key}.out`), stderrFile: join(folder, `${key}.err`) };
}

/**
 * Removes the output of a submission once nothing depends on it. A crash in between leaves standard output, so
 * that where there is none there is nothing.
 */
export async function removeTraces(traces: SubmissionTraces): Promise<void> {
  await removeIfPresent(traces.stderrFile);
  await removeIfPresent(traces.stdoutFile);
}

/** Takes away what an older store left under the same key: one that was made anew counts from 1 again. */
export async function removeOlderTraces(traces: SubmissionTraces): Promise<void> {
  // One look for both.
  const names = await namesIn(dirname(traces.stdoutFile));
  if (Object.values(traces).some((file) => names.includes(basename(file)))) {
    await removeTraces(traces);
  }
}

/** Removes what is left of settled submissions: a kill may have come before they removed it themselves. */
export async function removeOldTraces(dataset: Dataset, store: JobStore): Promise<void> {
  const folder = join(dataset.commonDir, "dlslurm", "submissions");
  const names = await namesIn(folder);
  if (names.length === 0) return;
  // Read after the names: a submission that begins now is noted before its traces are made.
  const submitting = store.listSubmitting().map(({ jobKey }) => jobKey);
  // Once a row that cannot be read is mended, its traces may be all that names its job.
  const damaged = store.damaged.all.map(({ key }) => key);
  const underWay = new Set([...submitting, ...damaged].map(String));
  for (const name of names) {
    if (!underWay.has(name.split(".")[0]!)) await removeIfPresent(join(folder, name));
  }
}
