import assert from "node:assert/strict";
import { fieldsOfJob } from "../../src/session/job_fields.ts";
import { openJob } from "../support/jobs.ts";

Deno.test("fieldsOfJob() tells when a job was submitted in UTC, and its line of a table", () => {
  const row = { table: "t.csv", line: 3, values: {}, cmd: "sbatch {x}" };

  const fields = fieldsOfJob(openJob({ submittedAtMs: Date.UTC(2026, 9, 1, 10), row }));

  assert.deepEqual(fields, {
    ...{ stage: "open", outputs: ["out"], cmd: "sbatch job.sh", pwd: "." },
    submittedAt: "2026-10-01T10:00:00.000Z",
    tableLine: 3,
  });
});

Deno.test("fieldsOfJob() does not tell what is not known", () => {
  const fields = fieldsOfJob(openJob({ submittedAtMs: 0 }));

  assert.deepEqual(Object.keys(fields).sort(), ["cmd", "outputs", "pwd", "stage"]);
});
