import type { Attempt, JobEnd, SubmissionDetails } from "../jobs/job.ts";
import { prepareUpdate } from "./columns.ts";
import { StorePart } from "./store_part.ts";

/** What is learnt of jobs once they were submitted. */
export class JobNotes extends StorePart {
  /** Adds what scontrol told of jobs. */
  addDetails(details: ReadonlyMap<number, SubmissionDetails>): void {
    this.transaction(() => {
      const update = prepareUpdate(this.database);
      for (const [key, each] of details) update(key, { details: each });
    });
  }

  /** Notes how jobs ended that are about to be finished or closed; of an open job it means nothing. */
  addEnds(ends: ReadonlyMap<number, JobEnd>): void {
    this.transaction(() => {
      const update = prepareUpdate(this.database);
      for (const [key, end] of ends) update(key, { job_end: end });
    });
  }

  /** Notes what is known by now of the failed attempts of open jobs, by their keys. */
  replaceAttempts(attempts: ReadonlyMap<number, readonly Attempt[]>): void {
    this.transaction(() => {
      const update = this.database.prepare(
        "UPDATE job SET attempts = ? WHERE job_key = ? AND stage = 'open' AND attempts <> '[]'",
      );
      for (const [key, each] of attempts) update.run(JSON.stringify(each), key);
    });
  }
}
