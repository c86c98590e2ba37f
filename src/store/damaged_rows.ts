import type { Job } from "../jobs/job.ts";
import { DamagedRowError, toJob } from "./read_job.ts";
import type { DamagedRow } from "./read_job.ts";

/**
 * Takes note of rows that cannot be read, each once, so that one of them does not keep all others from being
 * listed and finished.
 */
export class DamagedRows {
  readonly #found = new Map<number, DamagedRow>();
  readonly #reported = new Set<number>();

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

  /** Notes a row of which one column cannot be read. */
  add(fields: Record<string, unknown>, column: string): void {
    const { row } = new DamagedRowError(fields, column);
    this.#found.set(row.key, row);
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
