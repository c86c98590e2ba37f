import assert from "node:assert/strict";
import { joinBytes } from "../../src/process/join_bytes.ts";

Deno.test("joinBytes() puts pieces behind each other, empty ones among them", () => {
  const pieces = [[1, 2], [], [3], []].map((piece) => Uint8Array.from(piece));

  assert.deepEqual([...joinBytes(pieces)], [1, 2, 3]);
  assert.deepEqual([...joinBytes([])], []);
  assert.deepEqual([...joinBytes([Uint8Array.of(7)])], [7]);
});

Deno.test("joinBytes() takes a view of a larger buffer for what it shows", () => {
  const view = Uint8Array.of(0, 1, 2, 3).subarray(1, 3);

  assert.deepEqual([...joinBytes([view, view])], [1, 2, 1, 2]);
});
