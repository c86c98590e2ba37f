import { pathAndFoldersAround } from "../paths/root_paths.ts";

/**
 * Whether a change at a path inside a job's claims can be its doing.
 *
 * @param isGone whether the change is that nothing is there any more.
 */
export type CanBeOwn = (path: string, isGone: boolean) => boolean;

/** What one open job may have written. */
export interface WrittenPaths {
  /** The job's key in the store. */
  readonly key: number;
  /** Claims: the path itself and everything inside it. */
  readonly claims: readonly string[];
  /** Slurm's own files: exactly these paths, wherever they are. */
  readonly slurmOutputs: readonly string[];
  /**
   * Those of `slurmOutputs` that were just written in one go, to be added to a commit: they are complete, nothing
   * is waited for, and they alone are no reason for one.
   */
  readonly alongside?: readonly string[];
  /** Leaves out changes inside the claims that are others'; absent: all are the job's. */
  readonly canBeOwn?: CanBeOwn | undefined;
  /** Those of the claims at which there was something a moment ago. */
  readonly claimsWithFiles?: readonly string[];
  /** Whether something has to be committed of each claim. */
  readonly requiresOutputs?: boolean;
  /** The commit at HEAD when it was submitted; absent if unknown. */
  readonly submittedHead?: string | undefined;
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
    for (const place of pathAndFoldersAround(path)) {
      const owner = this.#claims.get(place);
      if (owner !== undefined) return owner;
    }
    return this.#claims.get(".");
  }
}

/** Whether the job with this key, one of `jobs`, can have made a change. */
export function ownChangesAmong(
  jobs: Iterable<WrittenPaths>,
): (key: number, path: string, isGone: boolean) => boolean {
  const byKey = new Map([...jobs].map((job) => [job.key, job.canBeOwn]));
  return (key, path, isGone) => byKey.get(key)?.(path, isGone) ?? true;
}
