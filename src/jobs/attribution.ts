/** What one open job may have written. */
export interface WrittenPaths {
  /** The job's key in the store. */
  readonly key: number;
  /** Claims: the path itself and everything inside it. */
  readonly claims: readonly string[];
  /** Slurm's own files: exactly these paths, wherever they are. */
  readonly slurmOutputs: readonly string[];
  /** When it ended, by Slurm's clock in whole seconds, milliseconds since 1970; absent if unknown. */
  readonly endedAtMs?: number | undefined;
}

/**
 * Says which open job a changed path belongs to. A job's own log is its own, even inside the claim of
 * another job; everything else belongs to the job whose claim it lies in. Claims of open jobs overlap
 * only where `--no-check-outputs` let them: then the inner one counts, and of equal ones the last.
 */
export class Attribution {
  readonly #exact = new Map<string, number>();
  readonly #claims = new Map<string, number>();

  /** Takes all jobs whose files may be mixed, also those of which nothing is to be committed. */
  constructor(jobs: Iterable<WrittenPaths>) {
    for (const job of jobs) {
      for (const path of job.slurmOutputs) this.#exact.set(path, job.key);
      for (const path of job.claims) this.#claims.set(path, job.key);
    }
  }

  /** The key of the job that `path` belongs to; `undefined` if it is nobody's. */
  ownerOf(path: string): number | undefined {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return exact;
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      const owner = this.#claims.get(path.slice(0, end));
      if (owner !== undefined) return owner;
    }
    return this.#claims.get(".");
  }
}
