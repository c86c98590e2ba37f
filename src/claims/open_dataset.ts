import type { Dataset } from "../datalad/dataset.ts";
import type { Session } from "../session/session.ts";
import type { JobStore } from "../store/job_store.ts";

/** A dataset that is worked in: with its jobs, and what lies outside. */
export interface OpenDataset {
  /** Where. */
  readonly dataset: Dataset;
  /** Its jobs. */
  readonly store: JobStore;
  /** Programs, the clock, interruptions, and where results go. */
  readonly session: Session;
}
