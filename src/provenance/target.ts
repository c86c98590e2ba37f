import { RECORD_PREFIX } from "../datalad/run_record.ts";
import { findCommit, readMessages } from "../git/history.ts";
import { isSubmitted } from "../jobs/job.ts";
import type { Job } from "../jobs/job.ts";
import type { NotedEvidence } from "../jobs/noted_evidence.ts";
import type { JobStore } from "../store/job_store.ts";
import type { Provenance } from "./provenance.ts";
import { entryOf } from "./run_history.ts";
import type { HistoryEntry } from "./run_history.ts";

/** A job that was asked for: a recorded run, one of the store, or both. */
export interface Target {
  /** Of the dataset that has the record. */
  readonly provenance: Provenance;
  /** Its commit. */
  readonly entry?: HistoryEntry;
  /** As the store has it. */
  readonly job?: Job;
  /** What was noted of a job that has no record yet. */
  readonly noted?: NotedEvidence;
  /** What else is to be said to whoever asked. */
  readonly notes: readonly string[];
}

/** Puts together what history and store have of one job. */
export class Targets {
  /** With the history of the topmost dataset. */
  readonly provenance: Provenance;
  /** Its store. */
  readonly store: JobStore;

  /** Looks into the history of the topmost dataset and into its store. */
  constructor(provenance: Provenance, store: JobStore) {
    this.provenance = provenance;
    this.store = store;
  }

  /** A job of the store, with its record if it has one. */
  ofStore(job: Job): Target {
    const { history } = this.provenance.top;
    const own = job.stage === "finished" && job.commitOid !== null
      ? history.at(job.commitOid)
      : undefined;
    // A rewritten history has its commits under other names.
    const entry = own ??
      (job.stage === "finished" && isSubmitted(job) ? history.ofJob(job.jobId)[0] : undefined);
    const noted = this.store.evidence.find(job.jobKey);
    return {
      provenance: this.provenance,
      job,
      ...(noted === undefined ? {} : { noted }),
      ...(entry === undefined ? {} : { entry }),
      notes: [],
    };
  }

  /** A recorded run, with the job of the store that it was. */
  recorded(entry: HistoryEntry, notes: readonly string[] = []): Target {
    const job = this.jobOf(entry);
    return { provenance: this.provenance, entry, ...(job === undefined ? {} : { job }), notes };
  }

  /** The job of the store whose record this is. */
  jobOf({ jobId, commit }: HistoryEntry): Job | undefined {
    const job = this.store.findByJobId(jobId);
    return job?.stage === "finished" && job.commitOid === commit.oid ? job : undefined;
  }

  /** The recorded job that a revision leads to, if it does. */
  async entryAt(revision: string): Promise<HistoryEntry | undefined> {
    const { dataset: { git }, history } = this.provenance.top;
    const oid = await findCommit(git, revision);
    if (oid === undefined) return undefined;
    const known = history.at(oid);
    if (known !== undefined) return known;
    // One that no branch reaches any more.
    const [commit] = await readMessages(git, oid, undefined, RECORD_PREFIX);
    return commit === undefined ? undefined : entryOf(commit, -1);
  }
}
