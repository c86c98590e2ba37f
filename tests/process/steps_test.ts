import assert from "node:assert/strict";
import { countLines } from "../../src/process/steps.ts";

Deno.test("countLines() counts line ends, wherever the output is cut", () => {
  const counts: (number | undefined)[] = [];
  const take = countLines({ advance: (count) => counts.push(count), [Symbol.dispose]() {} });
  for (const piece of ["a\nb", "c", "", "\n\n", "d"]) take(new TextEncoder().encode(piece));

  // Nothing is told of a piece without a line end.
  assert.deepEqual(counts, [1, 2]);
});
