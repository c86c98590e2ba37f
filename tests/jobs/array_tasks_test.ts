import assert from "node:assert/strict";
import * as fc from "fast-check";
import { parseArrayTasks } from "../../src/jobs/array_tasks.ts";

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
