import assert from "node:assert/strict";
import { judgeDependency, parseDependency } from "../../../src/fake_slurm/manager/dependency.ts";
import type { JobTable } from "../../../src/fake_slurm/manager/job_table.ts";
import type { Task } from "../../../src/fake_slurm/manager/task.ts";

Deno.test("parseDependency() reads conditions on jobs, tasks and all tasks, and refuses what is none", () => {
  assert.deepEqual(parseDependency("afterok:1:2_3,afterany:4_*,singleton"), [
    { type: "afterok", jobId: 1 },
    { type: "afterok", jobId: 2, taskIndex: 3 },
    { type: "afterany", jobId: 4 },
    { type: "singleton" },
  ]);
  for (const text of ["", "afterok", "ok:1", "afterok:x", "afterok:1?afterany:2", "singleton:1"]) {
    assert.throws(() => parseDependency(text), SyntaxError, text);
  }
});

/** How a dependency on job 1 stands, whose tasks are in these states. */
function judged(dependency: string, ...states: readonly string[]): string {
  const tasks = states.map((state, at) => ({
    ...{ state, superseded: false, startMs: state === "PENDING" ? null : 1 },
    taskIndex: states.length === 1 ? null : at,
  }));
  const table = { findByJobId: () => tasks, find: () => [] } as unknown as JobTable;
  const task = { dependency, taskIndex: 1 } as Task;
  return judgeDependency(table, task).state;
}

const CASES: readonly [dependency: string, states: readonly string[], state: string][] = [
  ["after:1", ["PENDING"], "unfulfilled"],
  ["after:1", ["RUNNING"], "fulfilled"],
  ["afterany:1", ["RUNNING"], "unfulfilled"],
  ["afterany:1", ["FAILED"], "fulfilled"],
  ["afterok:1", ["COMPLETED"], "fulfilled"],
  ["afterok:1", ["FAILED"], "failed"],
  ["afterok:1", ["COMPLETED", "RUNNING"], "unfulfilled"],
  ["afterok:1", ["FAILED", "RUNNING"], "failed"],
  ["afterok:1_0", ["COMPLETED", "FAILED"], "fulfilled"],
  ["aftercorr:1", ["FAILED", "COMPLETED"], "fulfilled"],
  ["aftercorr:1", ["COMPLETED", "FAILED"], "failed"],
  ["afternotok:1", ["FAILED"], "fulfilled"],
  ["afternotok:1", ["COMPLETED"], "failed"],
  ["afternotok:1", ["FAILED", "RUNNING"], "unfulfilled"],
  ["afterok:1", [], "fulfilled"],
];

for (const [dependency, states, state] of CASES) {
  Deno.test(`judgeDependency() of ${dependency}, where that is ${states.join(", ") || "unknown"} → ${state}`, () => {
    assert.equal(judged(dependency, ...states), state);
  });
}
