import assert from "node:assert/strict";
import type { Attempt } from "../../src/jobs/job.ts";
import { renderSuccession } from "../../src/session/succession.ts";
import { openJob } from "../support/jobs.ts";

function repeated(jobId: string, before: string) {
  const attempts = [{ jobId: before, submittedAtMs: 1 }] as unknown as readonly Attempt[];
  return openJob({ jobId, attempts });
}

Deno.test("renderSuccession() says which job the ID of a failed attempt belongs to now", () => {
  assert.equal(
    renderSuccession("4", [repeated("8", "4")]),
    "job 4 failed and was submitted again: it is now job 8",
  );
  assert.equal(renderSuccession("8", [repeated("8", "4")]), undefined);
  assert.equal(renderSuccession("4", []), undefined);
});

Deno.test("renderSuccession() tells some tasks of an array from the whole of it, and names a few", () => {
  const tasks = [1, 2, 3, 4, 5].map((task) => repeated(`9_${task}`, `7_${task}`));

  assert.equal(
    renderSuccession("7", [openJob({ jobId: "7_0" }), tasks[0]!]),
    "a task of job 7 failed and was submitted again: it is now job 9_1",
  );
  assert.equal(
    renderSuccession("7", [openJob({ jobId: "7_0" }), ...tasks]),
    "5 tasks of job 7 failed and were submitted again: they are now jobs 9_1, 9_2, 9_3 and 2 more",
  );
  assert.equal(
    renderSuccession("7", tasks),
    "job 7 failed and was submitted again: it is now jobs 9_1, 9_2, 9_3 and 2 more",
  );
});

Deno.test("renderSuccession() names no ID as long as there is none", () => {
  const job = { ...repeated("8", "4"), jobId: null, stage: "submitting" as const };

  assert.equal(renderSuccession("4", [job]), "job 4 failed and is being submitted again");
});
