import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import { OutputConflicts, prepareClaim } from "../../src/store/output_conflict.ts";
import { insertJob, memoryStore } from "./memory_store.ts";

/** The rule in words: the same path, one inside the other, or the whole dataset. */
function overlaps(a: string, b: string): boolean {
  return a === "." || b === "." || a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

// Few names, with those around "/" in the order of bytes, so that neighbours and nesting are common.
const NAME = fc.constantFrom("a", "b", "a.b", "a-b", "a0", "a b", "%", "_", "é", "A");
const PATH = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.array(NAME, { minLength: 1, maxLength: 4 }).map((names) => names.join("/")),
  },
  { weight: 1, arbitrary: fc.constant(".") },
);

function release(database: DatabaseSync): void {
  database.exec("DELETE FROM claim; DELETE FROM job");
}

Deno.test("OutputConflicts.find() decides every conflict as a plain comparison does", () => {
  const database = memoryStore();
  const conflicts = new OutputConflicts(database);
  fc.assert(
    fc.property(fc.uniqueArray(PATH, { maxLength: 12 }), PATH, (claims, path) => {
      release(database);
      const keys = claims.map((claim) => insertJob(database, { outputs: [claim] }));

      const found = conflicts.find("", path, -1);

      assert.equal(found !== undefined, claims.some((claim) => overlaps(claim, path)));
      if (found === undefined) return;
      assert.equal(found.path, path);
      assert(overlaps(found.claim, path));
      assert.equal(found.claim, claims[keys.indexOf(found.jobKey)]);
    }),
    { numRuns: 300 },
  );
  database.close();
});

Deno.test("OutputConflicts.findHolders() finds all that hold a place, around it or also inside", () => {
  const database = memoryStore();
  const conflicts = new OutputConflicts(database);
  fc.assert(
    fc.property(fc.uniqueArray(PATH, { maxLength: 12 }), PATH, (claims, path) => {
      release(database);
      const keys = claims.map((claim) => insertJob(database, { outputs: [claim] }));
      const holding = (holds: (claim: string) => boolean) =>
        keys.filter((_, at) => holds(claims[at]!));

      const isAround = (claim: string) =>
        claim === "." || claim === path || path.startsWith(`${claim}/`);
      assert.deepEqual(conflicts.findHolders("", path, false), holding(isAround));
      assert.deepEqual(
        conflicts.findHolders("", path, true),
        holding((claim) => overlaps(claim, path)),
      );
    }),
    { numRuns: 300 },
  );
  database.close();
});

Deno.test("OutputConflicts keeps work trees apart, and a job from itself", () => {
  const database = memoryStore();
  const conflicts = new OutputConflicts(database);
  const key = insertJob(database, { outputs: ["a", "c/d"], worktree: "side" });

  for (const path of ["a", ".", "a/b", "c"]) {
    assert.equal(conflicts.find("", path, -1), undefined, path);
    assert.deepEqual(conflicts.findHolders("", path, true), [], path);
    assert.equal(conflicts.find("side", path, key), undefined, path);
    assert.equal(conflicts.find("side", path, -1)?.jobKey, key, path);
  }
  assert.deepEqual(conflicts.findHolders("side", ".", true), [key], "once for both of its claims");
});

Deno.test("prepareClaim() takes a claim twice, and by two jobs", () => {
  const database = memoryStore();
  const key = insertJob(database, { outputs: ["a", "a"] });
  const other = insertJob(database, { outputs: [] });

  prepareClaim(database)("", "a", other);

  assert.deepEqual(new OutputConflicts(database).findHolders("", "a", false), [key, other]);
});
