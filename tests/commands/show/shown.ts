import type { ShownJob } from "../../../src/commands/show/shown_job.ts";
import type { RunRecord } from "../../../src/datalad/run_record.ts";
import type { RunDescription } from "../../../src/provenance/describe_run.ts";

/** What a test wants otherwise than {@linkcode shownJob} makes it. */
export interface ShownChanges extends Partial<Omit<ShownJob, "description">> {
  readonly description?: Partial<Omit<RunDescription, "record">>;
  readonly record?: Partial<RunRecord>;
}

/** An open job 151 that has nothing to be told of but its command, and what is given. */
export function shownJob({ description, record, ...changes }: ShownChanges = {}): ShownJob {
  return {
    ...{ jobId: "151", state: "RUNNING", stage: "open", accounting: {}, claims: [], logs: [] },
    ...changes,
    description: {
      ...{ inputs: [], outputs: [], isCut: false, originals: [], repetitions: [] },
      ...description,
      record: {
        ...{ chain: [], cmd: "sbatch job.sh", dsid: null, extraInputs: [], inputs: [] },
        ...{ outputs: [], pwd: ".", slurmJobId: "151", slurmOutputs: [], altDir: null },
        ...{ cluster: null, row: null, subdataset: null },
        ...record,
      },
    },
  };
}
