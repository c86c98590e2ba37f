/**
 * Which test files passed in an earlier run on the same sources, with nothing skipped: CI runs the tests as a
 * newcomer and with all that they need, and what could be tested whole the first time is not tested twice.
 *
 * @module
 */
import type { TestResult } from "./test_output.ts";

/** The list of these files, or one that keeps nothing where there is no place for it. */
export interface PassedFiles {
  /** Whether the file passed before. */
  has(file: string): boolean;
  /** Notes a file of which all tests ran and passed, at once: the run may be stopped before its end. */
  note(file: string, result: TestResult): Promise<void>;
}

/**
 * Opens the list in the file `path`, one test file to a line, which is made where it is missing; an empty
 * `path` stands for no list.
 */
export async function openPassedFiles(path: string): Promise<PassedFiles> {
  if (path === "") return { has: () => false, note: () => Promise.resolve() };
  const list = await Deno.open(path, { read: true, append: true, create: true });
  const known = new Set((await new Response(list.readable).text()).split("\n"));
  return {
    has: (file) => known.has(file),
    note: async (file, { failed, skipped }) => {
      if (failed === 0 && skipped.length === 0) {
        await Deno.writeTextFile(path, `${file}\n`, { append: true });
      }
    },
  };
}
