import assert from "node:assert/strict";
import { figuresOf } from "../../src/report/figures.ts";
import { reportedJob } from "./reported_job.ts";

Deno.test("figuresOf() sums up what is known, and leaves out what is not", () => {
  const figures = figuresOf([
    reportedJob({ cpus: 4, elapsed: 100, cpu: 300, timeLimit: 200, submitS: 1000, startS: 1010 }),
    reportedJob({ cpus: 2, elapsed: 50, submitS: 1000, startS: 1100, endS: 1150 }),
    reportedJob({}),
  ]);

  assert.deepEqual(figures.allocated, { total: 500, count: 2 });
  assert.deepEqual(figures.cpu, { total: 300, count: 1 });
  assert.deepEqual(figures.requested, { total: 800, count: 1 });
  assert.deepEqual(figures.idle, { total: 100, count: 1 });
  assert.equal(figures.accounted, 2);
  assert.equal(figures.failed, undefined);
  assert.deepEqual(figures.waiting, { count: 2, median: 10, most: 100, max: 100, total: 110 });
});

Deno.test("figuresOf() counts failed jobs and earlier attempts as lost", () => {
  const { failed, attempts, states } = figuresOf([
    reportedJob({ state: "TIMEOUT", phase: "failed", cpus: 2, elapsed: 10 }),
    reportedJob({ cpus: 3, elapsed: 7, attempts: [{ jobId: "1", state: "FAILED", elapsed: 5 }] }),
    reportedJob({}),
  ]);

  assert.deepEqual(failed, { total: 2 * 10 + 3 * 5, count: 2 });
  assert.equal(attempts, 1);
  assert.deepEqual(states, [["COMPLETED", 2], ["TIMEOUT", 1]]);
});

Deno.test("figuresOf() of an array: each task was to have the limit", () => {
  const { requested, tasks } = figuresOf([
    reportedJob({ cpus: 2, timeLimit: 60, tasks: 5, elapsed: 100, longest: 30 }),
  ]);

  assert.equal(requested?.total, 2 * 60 * 5);
  assert.equal(tasks, 5);
});

Deno.test("figuresOf() a start before the submission is another clock's, and no wait", () => {
  assert.equal(figuresOf([reportedJob({ submitS: 100, startS: 90 })]).waiting, undefined);
});
