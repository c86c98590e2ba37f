/**
 * Reads what `deno test` prints without colours.
 *
 * @module
 */

/** What one run of `deno test` came to. */
export interface TestResult {
  readonly passed: number;
  /** Failed tests, and test files that could not be run to their end. */
  readonly failed: number;
  /** Names of the tests and files that failed. */
  readonly failures: readonly string[];
  /** Names of the tests that were not run, with the reason in them. */
  readonly skipped: readonly string[];
}

/**
 * Reads the counts from the last line of the report, as in `ok | 3 passed (2 steps) | 0 failed |
 * 1 ignored (5ms)`, and the names of the skipped tests from theirs. Steps are not counted.
 *
 * Without such a line the run ended early; an exit status that the counts do not explain says that
 * something failed beside the tests. Either counts as one failure: a test run must never look better
 * than it was.
 */
export function parseTestOutput(output: string, exitCode: number): TestResult {
  const summaries = [...output.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed.*$/gm)];
  const summary = summaries.at(-1);
  const passed = Number(summary?.[1] ?? 0);
  let failed = Number(summary?.[2] ?? 0);
  if (failed === 0 && (summary === undefined || exitCode !== 0)) failed = 1;
  return {
    passed,
    failed,
    failures: findNames(output, /^(\S.*)(?: \.\.\. FAILED \(.*\)| FAILED)$/gm),
    skipped: findNames(output, /^(\S.*) \.\.\. ignored \(.*\)$/gm),
  };
}

function findNames(output: string, pattern: RegExp): string[] {
  return [...output.matchAll(pattern)].map((match) => match[1] ?? "");
}

/** Adds several results up. */
export function sumOf(results: readonly TestResult[]): TestResult {
  return {
    passed: results.reduce((sum, result) => sum + result.passed, 0),
    failed: results.reduce((sum, result) => sum + result.failed, 0),
    failures: results.flatMap((result) => result.failures),
    skipped: results.flatMap((result) => result.skipped),
  };
}
