import assert from "node:assert/strict";
import { prepareUpdate } from "../../src/store/columns.ts";
import { insertJob, memoryStore } from "./memory_store.ts";

Deno.test("prepareUpdate() writes objects as JSON and what is absent as NULL, into the named columns", () => {
  const database = memoryStore();
  const [changed, other] = [insertJob(database), insertJob(database)];
  const update = prepareUpdate(database);

  update(changed, { message: undefined, chain: ["a"], handover: { token: "t" }, array_task: 3 });
  update(changed, { message: "m", chain: [], handover: null, array_task: 4 });
  update(other, { message: null, chain: ["b"], handover: undefined, array_task: 0 });

  const select = "SELECT message, chain, handover, array_task FROM job ORDER BY job_key";
  assert.deepEqual(database.prepare(select).all().map((row) => Object.values(row)), [
    ["m", "[]", null, 4],
    [null, '["b"]', null, 0],
  ]);
  update(changed, { message: "m", chain: [], handover: { token: "t" }, array_task: 4 });
  assert.equal(database.prepare(select).all()[0]!["handover"], '{"token":"t"}');
});
