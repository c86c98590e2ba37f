import assert from "node:assert/strict";
import { parseArraySpec, renderIndices } from "../../../src/fake_slurm/manager/job_spec.ts";

Deno.test("parseArraySpec() reads lists, ranges, steps and limits", () => {
  const cases: [string, number[], number | null][] = [
    ["3", [3], null],
    ["0-3", [0, 1, 2, 3], null],
    ["1-7:3%2", [1, 4, 7], 2],
    ["7,1,3-4,3", [1, 3, 4, 7], null],
  ];
  for (const [text, indices, limit] of cases) {
    assert.deepEqual(parseArraySpec(text), { indices, limit }, text);
  }
});

Deno.test("parseArraySpec() refuses what Slurm refuses", () => {
  for (const text of ["abc", "", "5-1", "1-", "1,,2", "0-20000", "1-5:0", "-1"]) {
    assert.throws(() => parseArraySpec(text), SyntaxError, text);
  }
});

Deno.test("renderIndices() writes runs and regular steps", () => {
  assert.equal(renderIndices([0, 1, 3, 4, 20, 25, 30]), "0-1,3-4,20,25,30");
  assert.equal(renderIndices([1, 3, 5]), "1-5:2");
  assert.equal(renderIndices([2, 3]), "2-3");
});
