import assert from "node:assert/strict";
import { DamagedRowError, nameOf, readJob, toJob } from "../../src/store/read_job.ts";
import { insertJob, memoryStore } from "./memory_store.ts";

/** Values that no version of the program writes, by their columns. */
const DAMAGES: readonly [column: string, value: string | number | null][] = [
  ["stage", "done"],
  ["outputs", "[1]"],
  ["outputs", '["../elsewhere"]'],
  ["outputs", '["a/../../b"]'],
  ["outputs", '["/etc"]'],
  ["outputs", '[""]'],
  ["outputs", '["a'],
  ["inputs", "{}"],
  ["chain", "null"],
  ["submitted_at_ms", -1],
  ["submitted_at_ms", 9e15],
  ["submitted_at_ms", 1.5],
  ["details", "{}"],
  ["job_end", '{"state": 3}'],
  ["table_row", "[]"],
  ["worktree", null],
  ["job_key", 2 ** 53],
];

for (const [column, value] of DAMAGES) {
  Deno.test(`toJob() refuses ${JSON.stringify(value)} as ${column}`, () => {
    const database = memoryStore();
    insertJob(database, {}, { jobId: "5" });
    const fields = database.prepare("SELECT * FROM job").get()!;

    assert.throws(() => toJob({ ...fields, [column]: value }), (error) => {
      assert(error instanceof DamagedRowError);
      assert.equal(error.row.column, column);
      assert.equal(error.row.jobId, "5");
      return true;
    });
  });
}

Deno.test("toJob() takes dots in names of claims for what they are", () => {
  const database = memoryStore();
  const outputs = ["..a", "a..", "a/..b/c", "..."];

  assert.deepEqual(readJob(database, insertJob(database, { outputs })).outputs, outputs);
});

Deno.test("nameOf() names a row so that it can be found", () => {
  assert.equal(nameOf({ key: 7, jobId: "151" }), "job 151, entry 7 of the store");
  assert.equal(nameOf({ key: 7, jobId: null }), "entry 7 of the store");
});
