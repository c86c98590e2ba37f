import type { OpenDataset } from "../../claims/open_dataset.ts";
import { UserError } from "../../errors.ts";
import type { PredecessorEvidence } from "../../jobs/evidence.ts";
import type { WaitingJob } from "../../jobs/job.ts";
import { isPredecessorName } from "../../jobs/label.ts";
import { waitingFor } from "../command_dependency.ts";
import { findPredecessors } from "../find_predecessors.ts";
import type { Predecessors } from "../plan_submission.ts";

type Found = ReadonlyMap<string, Predecessors | UserError>;

/**
 * Follows the jobs that waiting rows are to wait for. Since the rows were noted one may have been submitted again:
 * the rows wait for it under its new ID. One may have ended: then nothing has to wait for it. And one may have
 * failed: once Slurm has forgotten it, it would no longer hold the rows back.
 *
 * A crash leaves each row as it was or as it is to be.
 *
 * @param onVain is told of rows that would wait in vain, or cannot be made to wait, and why; they go on waiting.
 * @returns the keys of the others.
 */
export async function followPredecessors(
  open: OpenDataset,
  keys: readonly number[],
  onVain: (rows: readonly WaitingJob[], error: UserError) => void,
): Promise<readonly number[]> {
  const { waiting } = open.store;
  const names = new Map<number, readonly string[]>();
  for (const { jobKey, after = [] } of waiting.jobs(keys)) {
    const own = after.map(nameOf).filter(isPredecessorName);
    if (own.length > 0) names.set(jobKey, own);
  }
  if (names.size === 0) return keys;
  const found = await findPredecessors(open, [...new Set([...names.values()].flat())]);
  const vain = new Map<string, number[]>();
  for (const [key, own] of names) {
    const name = own.find((each) => {
      const what = found.get(each);
      // Only Slurm knows about jobs of other datasets.
      return what instanceof UserError && what.code === "BAD_DEPENDENCY";
    });
    if (name !== undefined) vain.getOrInsert(name, []).push(key);
  }
  for (const [name, own] of vain) onVain([...waiting.jobs(own)], found.get(name) as UserError);
  const left = new Set([...vain.values()].flat());
  for (const row of waiting.jobs([...names.keys()].filter((key) => !left.has(key)))) {
    try {
      const changed = await withIdsOfNow(row, found);
      if (changed !== undefined) waiting.replan(row.jobKey, changed.plan, changed.after);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      left.add(row.jobKey);
      onVain([row], error);
    }
  }
  return keys.filter((key) => !left.has(key));
}

function nameOf({ type, jobId }: PredecessorEvidence): string {
  return `${type}:${jobId}`;
}

/** `undefined` for a row that stays as it is. */
async function withIdsOfNow(
  { plan, after = [] }: WaitingJob,
  found: Found,
): Promise<Pick<WaitingJob, "plan"> & { readonly after: PredecessorEvidence[] } | undefined> {
  const idsNow = new Map<string, readonly string[]>();
  const afterNow = after.flatMap((each) => {
    const now = found.get(nameOf(each));
    if (now === undefined || now instanceof UserError) return [each];
    idsNow.set(each.jobId, now.open.map(({ jobId }) => jobId));
    return [...now.ended, ...now.open];
  });
  if ([...idsNow].every(([jobId, [now, ...more]]) => now === jobId && more.length === 0)) return;
  const { command, directory } = plan;
  const place = { directory, runsIn: directory };
  const idsOf = (jobId: string) => idsNow.get(jobId) ?? [jobId];
  return {
    plan: { ...plan, command: await waitingFor(command, [], place, idsOf) },
    after: afterNow,
  };
}
