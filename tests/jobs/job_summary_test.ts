import assert from "node:assert/strict";
import { decideStatus } from "../../src/jobs/job_status.ts";
import type { AccountingEntry } from "../../src/jobs/accounting_entry.ts";
import { renderStatuses, summaryOf } from "../../src/jobs/job_summary.ts";

const S = 1_800_000_000;

function row(jobId: string, state: string, more: Partial<AccountingEntry> = {}): AccountingEntry {
  const defaults = { jobIdRaw: "", submitS: S, exitCode: "0:0", elapsed: "00:00:05", nodeList: "" };
  return { jobId, state, ...defaults, ...more };
}

function statusOf(rows: readonly AccountingEntry[], arrayTasks: readonly number[] | null = null) {
  return decideStatus({ jobId: "151", submittedAtMs: S * 1000, arrayTasks }, rows);
}

Deno.test("summaryOf() tells of a plain job what its row tells", () => {
  const rows = [row("151", "FAILED", { exitCode: "7:0", timeLimit: "01:00:00", endS: S + 9 })];

  assert.deepEqual(summaryOf("151", statusOf(rows)), {
    ...{ state: "FAILED", counts: { FAILED: 1 }, exitCode: "7:0", elapsed: "00:00:05" },
    ...{ timeLimit: "01:00:00", endS: S + 9 },
  });
});

Deno.test("summaryOf() tells of an array the longest time, the worst code, the last end", () => {
  const rows = [
    row("151_0", "COMPLETED", { endS: S + 9 }),
    row("151_1", "FAILED", { exitCode: "3:0", elapsed: "1-00:00:00", endS: S + 90_000 }),
    row("151_2", "COMPLETED", { elapsed: "23:00:00", endS: S + 8 }),
  ];

  const summary = summaryOf("151", statusOf(rows, [0, 1, 2]));

  assert.deepEqual(summary.counts, { COMPLETED: 2, FAILED: 1 });
  assert.equal(summary.state, "ARRAY FAILED (SOME COMPLETE)");
  assert.equal(summary.elapsed, "1-00:00:00");
  assert.equal(summary.exitCode, "3:0");
  assert.equal(summary.endS, S + 90_000);
});

Deno.test("summaryOf() counts each task of a range, and no exit code of what is not over", () => {
  const summary = summaryOf("151", statusOf([row("151_[0-3%2]", "PENDING")], [0, 1, 2, 3]));

  assert.deepEqual(summary.counts, { PENDING: 4 });
  assert.equal(summary.exitCode, "");
  assert.equal(summary.endS, null);
});

Deno.test("renderStatuses() names the tasks that want a look, and counts the others", () => {
  const tasks = Array.from({ length: 50 }, (_, task) => task);
  const bad = new Set([7, 21, 33]);
  const rows = tasks.map((task) => row(`151_${task}`, bad.has(task) ? "FAILED" : "COMPLETED"));

  assert.equal(renderStatuses("151", statusOf(rows, tasks)), "151_7,21,33: FAILED; 47 COMPLETED");
});

Deno.test("renderStatuses() tells ranges, those of failed tasks first", () => {
  const rows = [
    row("151_0", "COMPLETED"),
    row("151_1", "RUNNING"),
    row("151_2", "RUNNING"),
    row("151_3", "TIMEOUT"),
    row("151_[4-9%2]", "PENDING"),
  ];

  assert.equal(
    renderStatuses("151", statusOf(rows, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])),
    "151_3: TIMEOUT; 151_10: UNKNOWN; 151_4-9: PENDING; 151_1-2: RUNNING; 151_0: COMPLETED",
  );
});

Deno.test("renderStatuses() stays short, whatever the tasks", () => {
  const tasks = Array.from({ length: 10_000 }, (_, task) => task);
  const rows = tasks.map((task) => row(`151_${task}`, task % 2 === 0 ? "FAILED" : "COMPLETED"));

  const text = renderStatuses("151", statusOf(rows, tasks));

  assert.match(text, /^151_0,2,4,.*,… \(5000 tasks\): FAILED; 5000 COMPLETED$/);
  assert(text.length < 200, text);
});

Deno.test("renderStatuses() tells a plain job, its components, and one that nobody knows", () => {
  assert.equal(renderStatuses("151", statusOf([row("151", "RUNNING")])), "151: RUNNING");
  assert.equal(renderStatuses("151", statusOf([])), "151: UNKNOWN");
  assert.equal(
    renderStatuses("151", statusOf([row("151+0", "COMPLETED"), row("151+1", "FAILED")])),
    "151+1: FAILED; 151+0: COMPLETED",
  );
});
