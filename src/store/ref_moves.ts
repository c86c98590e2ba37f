import type { DatabaseSync } from "node:sqlite";
import { IS_OF_MARK } from "./job_rows.ts";

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

/** Notes moves, replacing those that were noted for the work tree; part of a transaction. */
export function insertMoves(database: DatabaseSync, moves: readonly RefMove[]): void {
  const [first] = moves;
  if (first === undefined) return;
  deleteAllMoves(database, first.worktree);
  const insert = database.prepare("INSERT INTO ref_move VALUES (?, ?, ?, ?, ?, ?, ?)");
  moves.forEach(({ worktree, path, ref, baseOid, oldOid, newOid }, position) => {
    insert.run(worktree, position, path, ref, baseOid, oldOid, newOid);
  });
}

/**
 * The moves that were noted for a work tree and neither completed nor taken back, in their order, also once
 * the jobs are finished: locks may be left then. Those of an older worktree of the same name are nobody's any
 * more.
 */
export function selectMoves(
  database: DatabaseSync,
  worktree: string,
  mark: string | null,
): RefMove[] {
  const rows = database.prepare(
    "SELECT path, ref, base_oid, old_oid, new_oid FROM ref_move WHERE worktree = ? ORDER BY position",
  ).all(worktree);
  // Only after a crash are there any: then looking through all finished jobs is not too much.
  const isOfThisOne = rows.length > 0 && database.prepare(
        `SELECT 1 FROM job WHERE stage IN ('open', 'finished') AND worktree = ?
           AND commit_oid IS NOT NULL AND ${IS_OF_MARK} LIMIT 1`,
      ).get(worktree, mark) !== undefined;
  if (!isOfThisOne) return [];
  return rows.map((row) => ({
    worktree,
    path: String(row["path"]),
    ref: String(row["ref"]),
    baseOid: String(row["base_oid"]),
    oldOid: row["old_oid"] === null ? null : String(row["old_oid"]),
    newOid: String(row["new_oid"]),
  }));
}

/**
 * Forgets the moves of the work trees that jobs belong to; part of a transaction.
 *
 * @param ofSeveral also those that are made in several datasets together.
 */
export function deleteMoves(
  database: DatabaseSync,
  jobKeys: Iterable<number>,
  ofSeveral = true,
): void {
  const several = "SELECT 1 FROM ref_move AS other " +
    "WHERE other.worktree = ref_move.worktree AND other.path <> '.'";
  database.prepare(
    "DELETE FROM ref_move WHERE worktree IN " +
      "(SELECT worktree FROM job WHERE job_key IN (SELECT value FROM json_each(?)))" +
      (ofSeveral ? "" : ` AND NOT EXISTS (${several})`),
  ).run(JSON.stringify([...jobKeys]));
}

/** Forgets the moves of a work tree; part of a transaction. */
export function deleteAllMoves(database: DatabaseSync, worktree: string): void {
  database.prepare("DELETE FROM ref_move WHERE worktree = ?").run(worktree);
}
