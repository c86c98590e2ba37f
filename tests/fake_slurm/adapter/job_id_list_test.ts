import assert from "node:assert/strict";
import {
  isSelected,
  parseSelection,
  splitIds,
} from "../../../src/fake_slurm/adapter/job_id_list.ts";
import type { Task } from "../../../src/fake_slurm/manager/task.ts";

Deno.test("parseSelection() reads jobs, tasks, ranges of tasks and steps", () => {
  assert.deepEqual(parseSelection("151"), { jobId: 151, indices: undefined, step: undefined });
  assert.deepEqual(parseSelection(" 151_2.batch "), { jobId: 151, indices: [2], step: "batch" });
  assert.deepEqual(parseSelection("151_[1-3,7%2]").indices, [1, 2, 3, 7]);
  for (const text of ["", "x", "151_", "151_x", "151_[x]", "-1", "151.0.1"]) {
    assert.throws(() => parseSelection(text), SyntaxError, text);
  }
});

Deno.test("splitIds() splits at commas and blanks, but not inside brackets", () => {
  assert.deepEqual(splitIds("1,2_[1,3-5], 4  5,"), ["1", "2_[1,3-5]", "4", "5"]);
});

Deno.test("isSelected() knows a task by its array, its place in it, and its own number", () => {
  const task = { baseId: 151, jobId: 153, taskIndex: 2 } as Task;
  const isNamed = (text: string) => isSelected(task, parseSelection(text));

  assert.deepEqual(["151", "153", "151_2", "151_[0-5]"].map(isNamed), [true, true, true, true]);
  assert.deepEqual(["152", "151_3", "153_2"].map(isNamed), [false, false, false]);
});
