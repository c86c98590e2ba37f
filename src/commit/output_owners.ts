import { TEMPORARY_FILE_REGEXP } from "../fs/write_file_atomic.ts";
import type { UserError } from "../errors.ts";
import { ownChangesAmong } from "../jobs/attribution.ts";
import type { Attribution, WrittenPaths } from "../jobs/attribution.ts";

/** Whose the paths of one dataset are, and which of the jobs to be committed cannot be. */
export class OutputOwners {
  /** Why a job cannot be committed, by its key. */
  readonly failures = new Map<number, UserError>();
  readonly #attribution: Attribution;
  readonly #keys: ReadonlySet<number>;
  readonly #isOwn: (key: number, path: string, isGone: boolean) => boolean;

  /** Takes the jobs to be committed; `attribution` also knows those that are left alone. */
  constructor(jobs: readonly WrittenPaths[], attribution: Attribution) {
    this.#attribution = attribution;
    this.#keys = new Set(jobs.map((job) => job.key));
    this.#isOwn = ownChangesAmong(jobs);
  }

  /** The job to be committed that a path belongs to. */
  ownerOf(path: string): number | undefined {
    const owner = this.#attribution.ownerOf(path);
    return owner !== undefined && this.#keys.has(owner) ? owner : undefined;
  }

  /** Whether a file that was handed to git-annex is missing; `undefined` if no job claims it any more. */
  isMissed(path: string): boolean | undefined {
    const owner = this.#attribution.ownerOf(path);
    return owner === undefined ? undefined : this.#keys.has(owner);
  }

  /** Whether a path, or its removal, goes into the commit of a job that has not failed. */
  isWanted(path: string, isGone = false): boolean {
    const owner = this.ownerOf(path);
    return owner !== undefined && !this.failures.has(owner) &&
      !TEMPORARY_FILE_REGEXP.test(path) && this.#isOwn(owner, path, isGone);
  }

  /** Whether a job to be committed claims the path, and did not remove what is gone there. */
  isSpared(path: string): boolean {
    const owner = this.ownerOf(path);
    return owner !== undefined && !this.#isOwn(owner, path, true);
  }

  /** Fails the job that a path belongs to. */
  fail(path: string, error: UserError): void {
    const owner = this.ownerOf(path);
    if (owner === undefined) throw error;
    this.failures.set(owner, error);
  }
}
