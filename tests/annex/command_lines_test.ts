import assert from "node:assert/strict";
import { chunksOf } from "../../src/annex/command_lines.ts";

/** execve(2): one argument may have so much, all together some 2 MB. */
const MOST_BYTES = 1_000_000;

function bytesOf(chunk: readonly string[]): number {
  return chunk.reduce((sum, path) => sum + new TextEncoder().encode(path).length + 1, 0);
}

Deno.test("chunksOf() loses nothing and keeps each part below what a command line takes", () => {
  for (const name of ["a", "€".repeat(1_000), "\u{1f40d}".repeat(1_000)]) {
    const paths = Array.from({ length: 3_000 }, (_, at) => `${name}${at}`);

    const chunks = [...chunksOf(paths)];

    assert.deepEqual(chunks.flat(), paths);
    assert(chunks.every((chunk) => chunk.length > 0 && bytesOf(chunk) < MOST_BYTES));
  }
});

Deno.test("chunksOf() makes one part of few paths, and none of none", () => {
  assert.deepEqual([...chunksOf(["a", "b"])], [["a", "b"]]);
  assert.deepEqual([...chunksOf([])], []);
  // What fits no command line is still somebody's file: the system says so.
  const long = "x".repeat(900_000);
  assert.deepEqual([...chunksOf(["a", long, "b"])].map((chunk) => chunk.length), [1, 1, 1]);
});
