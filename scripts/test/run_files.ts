import { sumOf, type TestResult } from "./test_output.ts";

/** More failing files than this are no accident. */
const MOST_AGAIN = 3;

/** What test files came to, and what failed in one of them only as long as others ran beside it. */
export interface FilesResult {
  /** Of all files, of each the last time that it ran. */
  readonly result: TestResult;
  /** Names of tests that failed at first and passed when their file ran alone. */
  readonly unsteady: readonly string[];
}

/**
 * Runs test files, `jobs` at once, in their order. Where few of them fail, these run once more, one after the
 * other: tests with real schedulers, kills and races can fail for want of processors, which is told as what it
 * is and does not count. What fails alone, too, has failed.
 */
export async function runFiles(
  files: readonly string[],
  jobs: number,
  run: (file: string) => Promise<TestResult>,
): Promise<FilesResult> {
  const waiting = [...files];
  const results = new Map<string, TestResult>();
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      results.set(file, await run(file));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const failed = [...results].filter(([, { failed }]) => failed > 0);
  const unsteady: string[] = [];
  if (failed.length <= MOST_AGAIN) {
    for (const [file, before] of failed) {
      const now = await run(file);
      results.set(file, now);
      unsteady.push(...before.failures.filter((name) => !now.failures.includes(name)));
    }
  }
  return { result: sumOf([...results.values()]), unsteady };
}
