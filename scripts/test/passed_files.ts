/**
 * What passed in an earlier run on the same sources: CI runs the tests as a newcomer and with all that they
 * need, and what could be tested the first time is not tested twice.
 *
 * @module
 */
import type { TestResult } from "./test_output.ts";

/** The list of these test files and checks, or one that keeps nothing where there is no place for it. */
export interface PassedFiles {
  /** Names of the tests of a file that were skipped, the others passed; `undefined` if all are to be run. */
  leftOf(file: string): readonly string[] | undefined;
  /** Notes a file of which nothing failed, at once: the run may be stopped before its end. */
  note(file: string, result: TestResult): Promise<void>;
}

/**
 * Opens the list in the file `path`, which is made where it is missing: to a line the path of a test file and the
 * names of the tests that were skipped, as a JSON array. An empty `path` stands for no list.
 */
export async function openPassedFiles(path: string): Promise<PassedFiles> {
  if (path === "") return { leftOf: () => undefined, note: () => Promise.resolve() };
  const list = await Deno.open(path, { read: true, append: true, create: true });
  const lines = (await new Response(list.readable).text()).split("\n").slice(0, -1);
  const known = new Map(lines.map((line) => JSON.parse(line) as [string, string[]]));
  return {
    leftOf: (file) => known.get(file),
    note: async (file, { failed, skipped }) => {
      if (failed > 0) return;
      await Deno.writeTextFile(path, `${JSON.stringify([file, skipped])}\n`, { append: true });
    },
  };
}

/** What a name ends with where its test was skipped. */
const REASON = / \[skipped: .*\]$/;

/** The argument with which `deno test` runs the tests that {@linkcode PassedFiles.leftOf} names; `[]` for all. */
export function filterFor(left: readonly string[] | undefined): string[] {
  if (left === undefined) return [];
  const names = left.map((name) =>
    name.replace(REASON, "").replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")
  );
  return [`--filter=/^(?:${names.join("|")})(?:${REASON.source.slice(0, -1)})?$/`];
}
