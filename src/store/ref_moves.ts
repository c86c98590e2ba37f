import type { DatabaseSync } from "node:sqlite";

/** A ref that a finish is about to move, in a dataset or in one of its subdatasets. */
export interface RefMove {
  /** Of the topmost dataset, as in {@linkcode Job}. */
  readonly worktree: string;
  /** The dataset that has the ref, relative to the topmost root; `.` for that. */
  readonly path: string;
  /** Full name, or `HEAD` where it is detached. */
  readonly ref: string;
  /** What the new commits are built on. */
  readonly baseOid: string;
  /** Where it points before; `null`: it does not exist. */
  readonly oldOid: string | null;
  /** Where it points afterwards. */
  readonly newOid: string;
}

/** Notes moves in the place of those that were noted for the work tree; part of a transaction. */
export function insertMoves(database: DatabaseSync, moves: readonly RefMove[]): void {
  const [first] = moves;
  if (first === undefined) return;
  database.prepare("DELETE FROM ref_move WHERE worktree = ?").run(first.worktree);
  const insert = database.prepare("INSERT INTO ref_move VALUES (?, ?, ?, ?, ?, ?, ?)");
  moves.forEach(({ worktree, path, ref, baseOid, oldOid, newOid }, position) => {
    insert.run(worktree, position, path, ref, baseOid, oldOid, newOid);
  });
}

/** The moves that were noted for a work tree and neither completed nor taken back, in their order. */
export function selectMoves(database: DatabaseSync, worktree: string): RefMove[] {
  return database.prepare("SELECT * FROM ref_move WHERE worktree = ? ORDER BY position")
    .all(worktree).map((row) => ({
      worktree,
      path: String(row["path"]),
      ref: String(row["ref"]),
      baseOid: String(row["base_oid"]),
      oldOid: row["old_oid"] === null ? null : String(row["old_oid"]),
      newOid: String(row["new_oid"]),
    }));
}

/** Forgets the moves of the work trees that jobs belong to; part of a transaction. */
export function deleteMoves(database: DatabaseSync, jobKeys: Iterable<number>): void {
  database.prepare(
    "DELETE FROM ref_move WHERE worktree IN " +
      "(SELECT worktree FROM job WHERE job_key IN (SELECT value FROM json_each(?)))",
  ).run(JSON.stringify([...jobKeys]));
}
