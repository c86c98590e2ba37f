import type { OpenDataset } from "../../claims/open_dataset.ts";
import { hintForHolder, nameOfHolder, outputConflict } from "../../claims/output_conflict.ts";
import type { UserError } from "../../errors.ts";
import type { RecordedRun } from "../../provenance/recorded_runs.ts";
import type { RowConflict } from "../../store/waiting_rows.ts";
import { submitNoted } from "../../submit/rows/submit_waiting.ts";
import type { GroupedRun } from "./group_runs.ts";
import type { RepeatCall } from "./repeat_call.ts";

/** What runs that become arrays again are submitted with. */
export interface ArraysCall {
  /** Learns which jobs have taken their places. */
  readonly call: RepeatCall;
  /** Tells that a run is not submitted. */
  readonly refuse: (run: RecordedRun, error: UserError) => void;
}

/**
 * Submits recorded runs as the tasks of arrays.
 *
 * What a crash leaves: rows that wait, with their claims, which `schedule --continue` submits as these arrays; from the
 * submission on as {@linkcode submitWaiting} says.
 */
export async function submitArrays(
  arrays: readonly (readonly GroupedRun[])[],
  open: OpenDataset,
  { call, refuse }: ArraysCall,
): Promise<void> {
  const { store, session } = open;
  const submitter = JSON.stringify(await session.process());
  const { noted, keys } = noteRows(arrays.flat(), open, submitter, refuse);
  if (keys.length === 0) return;
  await submitNoted(open, { keys, parallel: 1, action: "slurm-reschedule" });
  noted.forEach(({ planned }, at) => {
    const job = store.findSubmitted(keys[at]!);
    if (job !== undefined) call.note(planned.chained, job.jobId);
  });
}

/** Notes the runs of which no output is another's; the others are refused. */
function noteRows(
  runs: readonly GroupedRun[],
  { store, session }: OpenDataset,
  submitter: string,
  refuse: ArraysCall["refuse"],
): { readonly noted: readonly GroupedRun[]; readonly keys: readonly number[] } {
  const nowMs = session.now().getTime();
  const options = { checksOutputs: true, again: true, isTrial: false, submitter, nowMs };
  for (let left = runs; left.length > 0;) {
    const rows = left.map(({ planned, plan }) => ({
      request: planned.plan.request,
      // The same run may be repeated any number of times.
      identity: crypto.randomUUID(),
      plan,
    }));
    const added = store.waiting.add(rows, options);
    if (!("conflicts" in added)) return { noted: left, keys: added.keys };
    const refused = new Map(added.conflicts.map((conflict) => [conflict.at, conflict]));
    for (const [at, conflict] of refused) {
      refuse(left[at]!.planned.chained.run, errorOf(conflict, left));
    }
    left = left.filter((_, at) => !refused.has(at));
  }
  return { noted: [], keys: [] };
}

function errorOf({ path, claim, with: holder }: RowConflict, runs: readonly GroupedRun[]) {
  if (typeof holder !== "number") {
    return outputConflict(path, claim, nameOfHolder(holder), { hint: hintForHolder(holder) });
  }
  const { run } = runs[holder]!.planned.chained;
  const other = `job ${run.record.slurmJobId} (${
    run.commit.oid.slice(0, 10)
  }), which is repeated, too`;
  return outputConflict(path, claim, other, { hint: "repeat one of them" });
}
