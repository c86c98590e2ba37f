import assert from "node:assert/strict";
import { parseTestOutput, sumOf } from "../../scripts/test/test_output.ts";

const CASES = [
  {
    name: "takes the counts and the skipped tests",
    output: "a ... ok (1ms)\nb [skipped: x is not on PATH] ... ignored (0ms)\n" +
      "\nok | 1 passed (3 steps) | 0 failed | 1 ignored (69ms)\n",
    exitCode: 0,
    expected: { passed: 1, failed: 0, failures: [], skipped: ["b [skipped: x is not on PATH]"] },
  },
  {
    name: "counts failures",
    output: "fails ... FAILED (1ms)\n  inner bad ... FAILED (0ms)\n" +
      "with step ... FAILED (due to 1 failed step) (948µs)\n" +
      "Uncaught error from ./b_test.ts FAILED\n" +
      "FAILED | 1 passed (1 step) | 3 failed (1 step) | 1 ignored (69ms)\n",
    exitCode: 1,
    expected: {
      passed: 1,
      failed: 3,
      failures: ["fails", "with step", "Uncaught error from ./b_test.ts"],
      skipped: [],
    },
  },
  {
    name: "counts a run that ended without a summary as failed",
    output: "error: SyntaxError: Unexpected token\n",
    exitCode: 1,
    expected: { passed: 0, failed: 1, failures: [], skipped: [] },
  },
  {
    name: "counts an exit status that no failure explains as failed",
    output: "ok | 7 passed | 0 failed (1s)\n",
    exitCode: 1,
    expected: { passed: 7, failed: 1, failures: [], skipped: [] },
  },
  {
    name: "believes the last summary, not one that a test printed",
    output: "ok | 99 passed | 0 failed (1s)\nok | 2 passed | 0 failed (1s)\n",
    exitCode: 0,
    expected: { passed: 2, failed: 0, failures: [], skipped: [] },
  },
];

for (const { name, output, exitCode, expected } of CASES) {
  Deno.test(`parseTestOutput() ${name}`, () => {
    assert.deepEqual(parseTestOutput(output, exitCode), expected);
  });
}

Deno.test("sumOf() adds counts and joins the skipped tests", () => {
  const sum = sumOf([
    { passed: 1, failed: 2, failures: ["x"], skipped: ["a"] },
    { passed: 3, failed: 4, failures: ["y"], skipped: ["b", "c"] },
  ]);

  assert.deepEqual(sum, { passed: 4, failed: 6, failures: ["x", "y"], skipped: ["a", "b", "c"] });
});
