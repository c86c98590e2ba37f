import { UserError } from "../errors.ts";
import type { Job } from "../jobs/job.ts";
import { DamagedRowError, nameOf, toJob } from "./read_job.ts";
import type { DamagedRow } from "./read_job.ts";

/**
 * Takes note of rows that cannot be read, each once, so that one of them does not keep all others from being
 * listed and finished.
 */
export class DamagedRows {
  readonly #path: string;
  readonly #found = new Map<number, DamagedRow>();
  readonly #reported = new Set<number>();

  /** Says where the store is, in the file `path`. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Reads a row of the table `job`; `undefined`, and noted, if it cannot be read. */
  readonly toJob = (fields: Record<string, unknown>): Job | undefined => {
    try {
      return toJob(fields);
    } catch (error) {
      if (!(error instanceof DamagedRowError)) throw error;
      this.#found.set(error.row.key, error.row);
      return undefined;
    }
  };

  /** Notes a row whose plan cannot be read. */
  addForPlan(fields: Record<string, unknown>): void {
    const { row } = new DamagedRowError(fields, "waiting_plan");
    this.#found.set(row.key, row);
  }

  /** What is to be said of a row that cannot be read. */
  explain(row: DamagedRow): UserError {
    const look = `sqlite3 "${this.#path}" "SELECT * FROM ${row.table} WHERE job_key = ${row.key}"`;
    const giveUp = row.jobId === null ? "" : `, or give the job up: dlslurm finish ${row.jobId} ` +
      "--close-unknown-jobs";
    return new UserError(
      "STORE_UNREADABLE",
      `Cannot read ${nameOf(row)}: its "${row.column}" is not as it should be`,
      { unchanged: "It was left as it is", hint: `fix it: ${look} shows it${giveUp}` },
    );
  }

  /** All that were found so far. */
  get all(): readonly DamagedRow[] {
    return [...this.#found.values()];
  }

  /** Those that were found since the last call. */
  takeNew(): DamagedRow[] {
    const fresh = this.all.filter(({ key }) => !this.#reported.has(key));
    for (const { key } of fresh) this.#reported.add(key);
    return fresh;
  }
}
