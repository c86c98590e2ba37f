import assert from "node:assert/strict";
import * as v from "valibot";
import { Attempts, Details, End } from "../../src/store/job_shapes.ts";

Deno.test("Details, End and Attempts tell what is damaged", () => {
  const details = { logs: [{ task: null, path: "/log" }], environmentFile: null, arrayTasks: null };
  const end = {
    ...{ state: "TIMEOUT", counts: { TIMEOUT: 1 }, exitCode: "0:0", elapsed: "00:10:00" },
    ...{ timeLimit: "00:10:00", endS: 1_800_000_000 },
  };

  assert(v.is(Details, details));
  assert(v.is(Details, { ...details, submitS: 1_799_999_000, jobName: "job", user: null }));
  assert(!v.is(Details, { ...details, logs: ["/log"] }));
  assert(v.is(End, end));
  assert(!v.is(End, { ...end, endS: "soon" }));
  assert(v.is(Attempts, []));
  assert(!v.is(Attempts, [{ jobId: "1" }]));
});

Deno.test("Details keep what another version has added", () => {
  const details = { ...{ logs: [], environmentFile: null, arrayTasks: null }, added: 1 };

  assert.deepEqual(v.parse(Details, details), details);
});
