import { relative, resolve } from "node:path";
import { findFiles } from "../find_files.ts";

/** What takes longest, so that nothing of it is left alone at the end: waiting for a real Slurm first. */
const FIRST = [
  "tests/real_slurm/",
  "tests/conformance/",
  "tests/engine/crash_shapes_test.ts",
  "tests/engine/subdatasets",
  "tests/docs/",
  "tests/build/",
  "tests/e2e/",
  "tests/fake_slurm/",
  "tests/engine/",
];

/**
 * Finds the test files of some files and folders, each once, those that take longest first.
 *
 * @param project the project's folder, absolute.
 * @param paths as seen from there.
 * @throws {Error} If one of them is not there, holds no test, or lies elsewhere.
 */
export async function findTestFiles(project: string, paths: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const given of paths) {
    const path = relative(project, resolve(project, given));
    const found = await testFilesOf(project, path);
    if (found.length === 0) throw new Error(`Cannot run the tests of "${given}": it has none`);
    for (const file of found) files.add(file);
  }
  return inOrder([...files]);
}

async function testFilesOf(project: string, path: string): Promise<string[]> {
  if (path.split("/")[0] !== "tests") return [];
  const { isDirectory } = await Deno.stat(resolve(project, path));
  if (isDirectory) return await findFiles(project, path, "_test.ts");
  return path.endsWith("_test.ts") ? [path] : [];
}

function inOrder(files: readonly string[]): string[] {
  const rankOf = (file: string) => {
    const rank = FIRST.findIndex((start) => file.startsWith(start));
    return rank < 0 ? FIRST.length : rank;
  };
  return files.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1));
}
