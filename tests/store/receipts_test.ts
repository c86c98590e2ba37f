import assert from "node:assert/strict";
import type { DatabaseSync } from "node:sqlite";
import { prepareFindingOpen, Receipts } from "../../src/store/receipts.ts";
import type { Receipt } from "../../src/store/receipts.ts";
import { insertJob, memoryStore, partsOf } from "./memory_store.ts";

/** A job whose submission is under way; gives its key. */
function begin(database: DatabaseSync): number {
  const row = { stage: "submitting", submitter: "{}", nowMs: 1_000, mark: null } as const;
  const key = insertJob(database, { outputs: [] }, row);
  database.exec(`UPDATE job SET job_id = NULL WHERE job_key = ${key}`);
  return key;
}

function receive(database: DatabaseSync, ...receipts: readonly Partial<Receipt>[]): void {
  const whole = receipts.map((receipt) => ({ key: 0, jobId: "1", cluster: null, ...receipt }));
  new Receipts(partsOf(database)).store(whole, 2_000);
}

function jobs(database: DatabaseSync): string[] {
  const select = "SELECT stage, job_id, cluster, reused_from_s FROM job ORDER BY job_key";
  return database.prepare(select).all().map((row) =>
    Object.values(row).filter((value) => value !== null).join(" ")
  );
}

Deno.test("Receipts.store() opens a job, and can be repeated", () => {
  const database = memoryStore();
  const key = begin(database);

  receive(database, { key, cluster: "big" });
  receive(database, { key, cluster: "big" });

  assert.deepEqual(jobs(database), ["open 1 big"]);
  const accepted = database.prepare("SELECT accepted_at_ms FROM job").get()!["accepted_at_ms"];
  assert.equal(accepted, 2_000);
});

Deno.test("Receipts.store() of a job that is open already: takes what scontrol told", () => {
  const database = memoryStore();
  const key = begin(database);
  const details = { logs: [], environmentFile: null, arrayTasks: null };

  receive(database, { key });
  receive(database, { key, details });

  const noted = database.prepare("SELECT details FROM job").get()!["details"];
  assert.equal(noted, JSON.stringify(details));
});

Deno.test("Receipts.store() tells two open jobs with one ID apart by cluster only", () => {
  const database = memoryStore();
  const keys = [begin(database), begin(database), begin(database)];
  receive(database, { key: keys[0]! }, { key: keys[1]!, cluster: "big" });

  assert.throws(() => receive(database, { key: keys[2]! }), { code: "SUBMISSION_UNCLEAR" });

  assert.deepEqual(jobs(database), ["open 1", "open 1 big", "submitting"]);
});

Deno.test("Receipts.store() of an ID that Slurm certainly gave anew: both are open, the older one is noted", () => {
  const database = memoryStore();
  const keys = [begin(database), begin(database), begin(database)];
  receive(database, { key: keys[0]! });

  receive(database, { key: keys[1]!, takenS: 5_001 });
  receive(database, { key: keys[2]!, takenS: 8_400 });

  assert.deepEqual(jobs(database), ["open 1 5001", "open 1 8400", "open 1"]);
});

Deno.test("Receipts.store() takes an ID that came again after its job has ended", () => {
  const database = memoryStore();
  const first = begin(database);
  receive(database, { key: first });
  database.exec(`UPDATE job SET stage = 'finished' WHERE job_key = ${first}`);

  receive(database, { key: begin(database) });

  assert.deepEqual(jobs(database), ["finished 1", "open 1"]);
});

Deno.test("Receipts.store() does not lose a job whose submission was given up meanwhile", () => {
  const database = memoryStore();
  const key = begin(database);
  database.exec("DELETE FROM claim; DELETE FROM job");

  assert.throws(() => receive(database, { key }), {
    code: "SUBMISSION_UNCLEAR",
    hint: /^scancel 1, /,
  });
});

/** Three rows of a table, submitted together as an array. */
function beginArray(database: DatabaseSync): readonly number[] {
  const keys = [begin(database), begin(database), begin(database)];
  const take = database.prepare(
    "UPDATE job SET submission_key = ?, array_task = ? WHERE job_key = ?",
  );
  keys.forEach((key, task) => take.run(keys[0]!, task, key));
  return keys;
}

Deno.test("Receipts.store() opens the rows of an array as its tasks", () => {
  const database = memoryStore();
  const [key] = beginArray(database);
  const other = begin(database);

  receive(database, { key: key!, jobId: "40" });
  receive(database, { key: key!, jobId: "40" });

  assert.deepEqual(jobs(database), ["open 40_0", "open 40_1", "open 40_2", "submitting"]);
  assert.throws(() => receive(database, { key: other, jobId: "40" }), {
    code: "SUBMISSION_UNCLEAR",
  });
  // Where Slurm has certainly given the ID of the array anew, all of its tasks are older ones.
  receive(database, { key: other, jobId: "40", takenS: 4_400 });
  assert.deepEqual(jobs(database), [
    ...["open 40_0 4400", "open 40_1 4400", "open 40_2 4400"],
    "open 40",
  ]);
});

Deno.test("Receipts.store() keeps an array's ID from another array also when its first row has ended", () => {
  const database = memoryStore();
  const [first] = beginArray(database);
  receive(database, { key: first!, jobId: "40" });
  database.exec(`UPDATE job SET stage = 'finished' WHERE job_key = ${first}`);
  const [second] = beginArray(database);

  assert.throws(() => receive(database, { key: second!, jobId: "40" }), {
    code: "SUBMISSION_UNCLEAR",
  });
  receive(database, { key: second!, jobId: "40", takenS: 4_400 });

  assert.deepEqual(jobs(database), [
    ...["finished 40_0", "open 40_1 4400", "open 40_2 4400"],
    ...["open 40_0", "open 40_1", "open 40_2"],
  ]);
});

Deno.test("prepareFindingOpen() finds an array by one of its tasks, and no other number", () => {
  const database = memoryStore();
  const [key] = beginArray(database);
  receive(database, { key: key!, jobId: "40" });
  const find = prepareFindingOpen(database);

  assert.equal(find("40", null), key);
  for (const jobId of ["4", "400", "40_", "4_0"]) assert.equal(find(jobId, null), undefined, jobId);
  assert.equal(find("40", "big"), undefined);
});
