import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import {
  deleteAllMoves,
  deleteMoves,
  insertMoves,
  selectMoves,
} from "../../src/store/ref_moves.ts";
import type { RefMove } from "../../src/store/ref_moves.ts";
import { insertJob, memoryStore } from "./memory_store.ts";

function move(path: string, worktree = ""): RefMove {
  return { worktree, path, ref: "HEAD", baseOid: "b0", oldOid: null, newOid: `new of ${path}` };
}

/** An open job of which a commit was built. */
function built(database: DatabaseSync, worktree = "", mark: string | null = null): number {
  const key = insertJob(database, { worktree, outputs: [] }, { mark });
  database.exec(`UPDATE job SET commit_oid = 'c' WHERE job_key = ${key}`);
  return key;
}

Deno.test("insertMoves() takes the place of what was noted for the work tree, and of no other", () => {
  const database = memoryStore();
  for (const worktree of ["", "side"]) built(database, worktree);
  const moves = [move("sub/b"), { ...move("sub/a"), oldOid: "o" }, move(".")];
  insertMoves(database, [move("old")]);
  insertMoves(database, [move("other", "side")]);

  insertMoves(database, moves);

  assert.deepEqual(selectMoves(database, "", null), moves, "in their order");
  assert.deepEqual(selectMoves(database, "side", null), [move("other", "side")]);
  insertMoves(database, []);
  assert.deepEqual(selectMoves(database, "", null), moves);
});

Deno.test("selectMoves() is about jobs of which commits were built, also once they are finished: locks may be left", () => {
  const database = memoryStore();
  const key = insertJob(database, { outputs: [] });
  insertMoves(database, [move(".")]);
  assert.deepEqual(selectMoves(database, "", null), []);

  database.exec(`UPDATE job SET commit_oid = 'c' WHERE job_key = ${key}`);
  assert.equal(selectMoves(database, "", null).length, 1);
  database.exec(`UPDATE job SET stage = 'finished' WHERE job_key = ${key}`);
  assert.equal(selectMoves(database, "", null).length, 1);
  database.exec(`UPDATE job SET stage = 'closed' WHERE job_key = ${key}`);

  assert.deepEqual(selectMoves(database, "", null), []);
});

Deno.test("selectMoves() gives a worktree none of an older one with its name", () => {
  const database = memoryStore();
  built(database, "side", "mark of the first");
  insertMoves(database, [move(".", "side")]);

  assert.equal(selectMoves(database, "side", "mark of the first").length, 1);
  assert.deepEqual(selectMoves(database, "side", "mark of the second"), []);
});

Deno.test("deleteMoves() forgets those of the jobs' work trees", () => {
  const database = memoryStore();
  const [main, side] = [built(database), built(database, "side")];
  const fill = () => {
    insertMoves(database, [move("."), move("sub")]);
    insertMoves(database, [move(".", "side")]);
  };
  const left = () => ["", "side"].map((worktree) => selectMoves(database, worktree, null).length);

  fill();
  deleteMoves(database, [main]);
  assert.deepEqual(left(), [0, 1]);
  fill();
  deleteMoves(database, [main, side], false);
  assert.deepEqual(left(), [2, 0], "several datasets move together or not at all");
  deleteMoves(database, []);
  assert.deepEqual(left(), [2, 0]);
  deleteAllMoves(database, "");

  assert.deepEqual(left(), [0, 0]);
});
