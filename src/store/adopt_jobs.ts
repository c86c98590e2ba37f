import type { DatabaseSync } from "node:sqlite";
import type { Job, JobRequest, SubmissionDetails } from "../jobs/job.ts";
import { prepareInsertion, readJob } from "./job_rows.ts";
import { OutputConflicts, prepareClaim } from "./output_conflict.ts";
import type { OutputConflict } from "./output_conflict.ts";

/** A job that another program submitted, to be taken into the store as an open one. */
export interface JobToAdopt {
  /** What schedule would have noted. */
  readonly request: JobRequest;
  /** Slurm's job ID. */
  readonly jobId: string;
  /** Milliseconds since 1970, by this machine's clock; 0 if it is not known. */
  readonly submittedAtMs: number;
  /** What is known of its logs; `null`: finish asks scontrol. */
  readonly details: SubmissionDetails | null;
  /** The same for each look at the same job of the other program. */
  readonly mark: string;
}

/** What became of a {@linkcode JobToAdopt}. */
export type Adoption =
  | { readonly kind: "adopted" }
  /** It had been adopted before. */
  | { readonly kind: "known" }
  /** An open job of the store has the same job ID. */
  | { readonly kind: "open already" }
  /** The holder is the job in the way, in whatever stage that holds claims. */
  | { readonly kind: "conflict"; readonly conflict: OutputConflict; readonly holder: Job };

/**
 * Takes jobs into the store, each with its claims; one that conflicts with an open job or with an
 * earlier one of the list is left out. To be called inside a transaction.
 *
 * @param checksOutputs `false` to share places with open jobs.
 * @returns one for each of `jobs`, in their order.
 */
export function adoptJobs(
  database: DatabaseSync,
  jobs: readonly JobToAdopt[],
  checksOutputs: boolean,
): Adoption[] {
  const known = database.prepare("SELECT 1 FROM job WHERE adopted_from = ?");
  const open = database.prepare(
    "SELECT 1 FROM job WHERE stage = 'open' AND job_id = ? AND cluster IS NULL",
  );
  const insert = prepareInsertion(database);
  const claim = prepareClaim(database);
  const conflicts = new OutputConflicts(database);
  return jobs.map((job) => {
    if (known.get(job.mark) !== undefined) return { kind: "known" };
    if (open.get(job.jobId) !== undefined) return { kind: "open already" };
    const { worktree, outputs } = job.request;
    const conflict = checksOutputs
      ? outputs.map((path) => conflicts.find(worktree, path, -1))
        .find((found) => found !== undefined)
      : undefined;
    if (conflict !== undefined) {
      return { kind: "conflict", conflict, holder: readJob(database, conflict.jobKey) };
    }
    const key = insert({
      request: job.request,
      stage: "open",
      nowMs: job.submittedAtMs,
      submitter: "",
      jobId: job.jobId,
      details: job.details,
      adoptedFrom: job.mark,
    });
    for (const path of outputs) claim(worktree, path, key);
    return { kind: "adopted" };
  });
}
