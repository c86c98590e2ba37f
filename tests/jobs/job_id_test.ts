import assert from "node:assert/strict";
import * as fc from "fast-check";
import { UserError } from "../../src/errors.ts";
import {
  isJobOrTaskOf,
  isPrintedId,
  parseArrayTasks,
  parseJobId,
  parseOpenJobId,
  splitJobId,
  submittedIdOf,
  tasksOf,
} from "../../src/jobs/job_id.ts";

const PARTS: readonly [jobId: string, submittedId: string, arrayTaskId: number | null][] = [
  ["151", "151", null],
  ["151_3", "151", 3],
  // Task 0 is a task.
  ["151_0", "151", 0],
  ["4294901760_1000", "4294901760", 1000],
];

for (const [jobId, submittedId, arrayTaskId] of PARTS) {
  Deno.test(`splitJobId() takes "${jobId}" apart`, () => {
    assert.deepEqual(splitJobId(jobId), { submittedId, arrayTaskId });
  });
}

const CASES: readonly (readonly [string, readonly number[]])[] = [
  ["0", [0]],
  ["0-3", [0, 1, 2, 3]],
  ["1-7:2", [1, 3, 5, 7]],
  ["1-8:3", [1, 4, 7]],
  ["1,5,9-11%4", [1, 5, 9, 10, 11]],
  ["9-11,1", [1, 9, 10, 11]],
  ["2,2,1-3", [1, 2, 3]],
  ["0-0", [0]],
  ["007", [7]],
];

for (const [expression, tasks] of CASES) {
  Deno.test(`parseArrayTasks() reads "${expression}"`, () => {
    assert.deepEqual(parseArrayTasks(expression), tasks);
  });
}

const BAD = [
  "",
  ",",
  "1,",
  "a",
  "1-",
  "-1",
  "3-1",
  "1-5:0",
  "0-9,11,...",
  "0-3%",
  "0-3%2%2",
  "[0-3]",
];

for (const expression of [...BAD, "1 - 3", "1.5", "N/A"]) {
  Deno.test(`parseArrayTasks() refuses "${expression}"`, () => {
    assert.throws(() => parseArrayTasks(expression), SyntaxError);
  });
}

Deno.test("parseArrayTasks() gives each task of any list once, in ascending order", () => {
  const range = fc.tuple(fc.nat(300), fc.nat(40), fc.integer({ min: 1, max: 9 }));
  fc.assert(fc.property(fc.array(range, { minLength: 1 }), fc.boolean(), (ranges, isLimited) => {
    const text = ranges.map(([first, more, step]) => `${first}-${first + more}:${step}`).join(",");
    const expected = new Set<number>();
    for (const [first, more, step] of ranges) {
      for (let task = first; task <= first + more; task += step) expected.add(task);
    }

    const tasks = parseArrayTasks(isLimited ? `${text}%3` : text);

    assert.deepEqual(tasks, [...expected].sort((a, b) => a - b));
  }));
});

Deno.test("parseJobId() takes whole numbers as they are", () => {
  assert.equal(parseJobId("1"), "1");
  assert.equal(parseJobId("4294967295"), "4294967295");
});

for (const text of ["", "0", "012", "12x", "-1", "1.5e3", "1 2", " 1", "1\n", "١", "0x1f", "12_"]) {
  Deno.test(`parseJobId() refuses ${JSON.stringify(text)}`, () => {
    assert.throws(() => parseJobId(text), (error) => {
      assert(error instanceof UserError);
      assert.equal(error.code, "USAGE");
      assert(error.message.includes(`"${text}"`));
      return true;
    });
  });
}

for (const text of ["12_3", "12_[0-3]", "12.batch", "12+1"]) {
  Deno.test(`parseJobId() names the job that "${text}" belongs to`, () => {
    assert.throws(() => parseJobId(text), { code: "USAGE", hint: /dlslurm finish 12$/ });
  });
}

Deno.test("parseOpenJobId() takes the task of an array, and nothing else that parseJobId() does not", () => {
  assert.deepEqual(["12", "12_0", "12_31"].map(parseOpenJobId), ["12", "12_0", "12_31"]);
  for (const text of ["12_", "12_03", "12_[0-3]", "12_1_2", "0_1", "_1", "12_1\n"]) {
    assert.throws(() => parseOpenJobId(text), { code: "USAGE" }, text);
  }
});

Deno.test("isJobOrTaskOf() takes a job by its own ID, and tasks by that of their array", () => {
  assert(isJobOrTaskOf("12", "12"));
  assert(isJobOrTaskOf("12_3", "12_3"));
  assert(isJobOrTaskOf("12_3", "12"));
  for (const jobId of ["12", "12_31", "121", "121_3", null]) {
    assert(!isJobOrTaskOf(jobId, "12_3"), `${jobId}`);
  }
});

Deno.test("isPrintedId() and submittedIdOf() read what sacct and squeue print", () => {
  for (const text of ["151", "151_2", "151_[0-3%2]", "151+1"]) {
    assert(isPrintedId(text), text);
    assert.equal(submittedIdOf(text), "151");
  }
  for (const text of ["", "JobID", "151.batch", "151_", "151 ", "x151"]) {
    assert(!isPrintedId(text), text);
  }
});

Deno.test("tasksOf() reads what stands behind the job ID", () => {
  assert.deepEqual(tasksOf("151", "151_2"), [2]);
  assert.deepEqual(tasksOf("151", "151_[0-2%1]"), [0, 1, 2]);
  assert.deepEqual(tasksOf("151", "151_[0-2,...]"), []);
  assert.deepEqual(tasksOf("151", "1511_2"), []);
  assert.deepEqual(tasksOf("151", "151"), []);
});
