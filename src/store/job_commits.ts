import { deleteAllMoves, deleteMoves, insertMoves, selectMoves } from "./ref_moves.ts";
import type { RefMove } from "./ref_moves.ts";
import { prepareUpdate } from "./columns.ts";
import { StorePart } from "./store_part.ts";

/** The commits that were built for jobs, and the refs that are to move to them. */
export class JobCommits extends StorePart {
  /**
   * Notes the commits that were built for jobs, before the branch moves to them. A later run finds
   * them in the branch's history or not, and knows.
   *
   * @param moves all refs that are about to move, in that order; they take the place of those that were
   * noted before.
   * @returns those of the jobs that are not open any more: then nothing is noted, and no ref must move.
   */
  note(
    commits: ReadonlyMap<number, string>,
    base: string,
    moves: readonly RefMove[] = [],
  ): number[] {
    return this.transaction(() => {
      const isOpen = this.database.prepare(
        "SELECT 1 FROM job WHERE job_key = ? AND stage = 'open'",
      );
      const ended = [...commits.keys()].filter((key) => isOpen.get(key) === undefined);
      if (ended.length > 0) return ended;
      const update = prepareUpdate(this.database);
      for (const [key, oid] of commits) update(key, { commit_oid: oid, commit_base: base });
      deleteMoves(this.database, commits.keys());
      insertMoves(this.database, moves);
      return [];
    });
  }

  /** Whether a commit was noted as that of a job, open or not. */
  isKnown(oid: string): boolean {
    const statement = "SELECT 1 FROM job WHERE commit_oid = ?";
    return this.read(() => this.database.prepare(statement).get(oid)) !== undefined;
  }

  /** The moves that were noted for a work tree and neither completed nor taken back. */
  listMoves(worktree: string): RefMove[] {
    const mark = this.parts.worktrees.markOf(worktree);
    return this.read(() => selectMoves(this.database, worktree, mark));
  }

  /** Takes back what {@linkcode JobCommits.note} noted: no branch has moved. */
  forget(keys: Iterable<number>): void {
    this.transaction(() => {
      const update = prepareUpdate(this.database);
      const all = [...keys];
      for (const key of all) update(key, { commit_oid: null, commit_base: null });
      deleteMoves(this.database, all);
    });
  }

  /** Forgets the moves of a work tree: all were made, or none, and nothing is left of them anywhere. */
  forgetMoves(worktree: string): void {
    this.transaction(() => deleteAllMoves(this.database, worktree));
  }
}
