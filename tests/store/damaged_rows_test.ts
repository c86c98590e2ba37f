import assert from "node:assert/strict";
import { DamagedRows } from "../../src/store/damaged_rows.ts";
import { insertJob, memoryStore } from "./memory_store.ts";

function rowsOf(count: number) {
  const database = memoryStore();
  for (let at = 0; at < count; at++) insertJob(database);
  return database.prepare("SELECT * FROM job ORDER BY job_key").all();
}

Deno.test("DamagedRows.toJob() reads a good row, and notes a bad one once", () => {
  const damaged = new DamagedRows("/jobs.sqlite");
  const [good, bad] = rowsOf(2);

  assert.equal(damaged.toJob(good!)!.jobId, "1");
  assert.equal(damaged.toJob({ ...bad, inputs: "x" }), undefined);
  assert.equal(damaged.toJob({ ...bad, inputs: "x" }), undefined);

  assert.deepEqual(damaged.all, [{
    key: 2,
    jobId: "2",
    worktree: "",
    table: "job",
    column: "inputs",
  }]);
});

Deno.test("DamagedRows.takeNew() gives each row once", () => {
  const damaged = new DamagedRows("/jobs.sqlite");
  const [one, other] = rowsOf(2);
  damaged.toJob({ ...one, inputs: "x" });

  assert.deepEqual(damaged.takeNew().map(({ key }) => key), [1]);
  damaged.toJob({ ...one, inputs: "x" });
  damaged.addForPlan(other!);

  assert.deepEqual(damaged.takeNew().map(({ column }) => column), ["waiting_plan"]);
  assert.deepEqual(damaged.takeNew(), []);
  assert.equal(damaged.all.length, 2);
});

Deno.test("DamagedRows.toJob() lets other errors through", () => {
  const fields = {
    get "job_key"(): never {
      throw new RangeError("a bug");
    },
  };

  assert.throws(() => new DamagedRows("/jobs.sqlite").toJob(fields), RangeError);
});
