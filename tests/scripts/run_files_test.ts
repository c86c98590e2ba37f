import assert from "node:assert/strict";
import { runFiles } from "../../scripts/test/run_files.ts";
import type { TestResult } from "../../scripts/test/test_output.ts";

const PASSED: TestResult = { passed: 2, failed: 0, failures: [], skipped: [] };
const FAILED: TestResult = { passed: 1, failed: 1, failures: ["b"], skipped: [] };

/** Runs files that come to these results, one time after the other; what ran is noted. */
async function runAll(outcomes: Record<string, TestResult[]>) {
  const ran: string[] = [];
  const found = await runFiles(Object.keys(outcomes), 2, (file) => {
    ran.push(file);
    return Promise.resolve(outcomes[file]!.shift()!);
  });
  return { ...found, ran };
}

Deno.test("runFiles() runs each file once where none fails", async () => {
  const { result, unsteady, ran } = await runAll({ x: [PASSED], y: [PASSED], z: [PASSED] });

  assert.deepEqual([result.passed, result.failed, unsteady, ran], [6, 0, [], ["x", "y", "z"]]);
});

Deno.test("runFiles() runs a file that failed once more, and tells what passed then", async () => {
  const { result, unsteady, ran } = await runAll({ x: [FAILED, PASSED], y: [PASSED] });

  assert.deepEqual([result.passed, result.failed, unsteady], [4, 0, ["b"]]);
  assert.deepEqual(ran, ["x", "y", "x"]);
});

Deno.test("runFiles() says that what fails twice has failed", async () => {
  const { result, unsteady } = await runAll({ x: [FAILED, FAILED], y: [PASSED] });

  assert.deepEqual([result.passed, result.failed, result.failures], [3, 1, ["b"]]);
  assert.deepEqual(unsteady, []);
});

Deno.test("runFiles() runs none again where many fail", async () => {
  const { result, ran } = await runAll({ w: [FAILED], x: [FAILED], y: [FAILED], z: [FAILED] });

  assert.deepEqual([result.failed, ran.length], [4, 4]);
});
