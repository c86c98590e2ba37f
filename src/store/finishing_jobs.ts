import * as v from "valibot";
import { json } from "./columns.ts";
import { StorePart } from "./store_part.ts";

/** A job that runs finish once others have ended. */
export interface FinishingJob {
  /** Unique; part of its name in Slurm. */
  readonly token: string;
  /** Keys of the jobs that it waits for. */
  readonly awaited: readonly number[];
  /** Slurm's job ID; `null` until its submission is noted, which a crash may have prevented. */
  readonly jobId: string | null;
  /** Slurm cluster, where sbatch named one. */
  readonly cluster: string | null;
}

const Row = v.object({
  token: v.string(),
  awaited: json(v.array(v.number())),
  job_id: v.nullable(v.string()),
  cluster: v.nullable(v.string()),
});

/** The finishing jobs, one for a work tree: the one that was noted last counts. */
export class FinishingJobs extends StorePart {
  /** The one that was noted last for a work tree. */
  find(worktree: string): FinishingJob | undefined {
    return this.read(() => this.#select(worktree));
  }

  /**
   * Notes that one is about to be submitted, in place of the one before.
   *
   * @returns the one before.
   */
  replace(worktree: string, token: string, awaited: readonly number[]): FinishingJob | undefined {
    return this.transaction(() => {
      const before = this.#select(worktree);
      this.#insert(worktree, { token, awaited, jobId: null, cluster: null });
      return before;
    });
  }

  /**
   * Notes the receipt of one.
   *
   * @returns `false` if another one has taken its place meanwhile.
   */
  noteReceipt(worktree: string, token: string, jobId: string, cluster: string | null): boolean {
    return this.transaction(() => {
      const update =
        "UPDATE finishing_job SET job_id = ?, cluster = ? WHERE worktree = ? AND token = ?";
      return this.database.prepare(update).run(jobId, cluster, worktree, token).changes > 0;
    });
  }

  /**
   * Forgets one that was not submitted, or that has begun; `before`, if given, takes its place again.
   *
   * @returns `false` if another one has taken its place meanwhile.
   */
  forget(worktree: string, token: string, before?: FinishingJob): boolean {
    return this.transaction(() => {
      const remove = "DELETE FROM finishing_job WHERE worktree = ? AND token = ?";
      const isOurs = this.database.prepare(remove).run(worktree, token).changes > 0;
      if (isOurs && before !== undefined) this.#insert(worktree, before);
      return isOurs;
    });
  }

  #insert(worktree: string, { token, awaited, jobId, cluster }: FinishingJob): void {
    this.database.prepare("INSERT OR REPLACE INTO finishing_job VALUES (?, ?, ?, ?, ?)")
      .run(worktree, token, JSON.stringify(awaited), jobId, cluster);
  }

  #select(worktree: string): FinishingJob | undefined {
    const select = "SELECT * FROM finishing_job WHERE worktree = ?";
    const found = v.safeParse(Row, this.database.prepare(select).get(worktree));
    // A damaged row is no loss: the next submission replaces it.
    if (!found.success) return undefined;
    const { job_id: jobId, ...row } = found.output;
    return { ...row, jobId };
  }
}
