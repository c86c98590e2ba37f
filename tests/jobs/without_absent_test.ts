import assert from "node:assert/strict";
import { withoutAbsent } from "../../src/jobs/without_absent.ts";

Deno.test("withoutAbsent() leaves out what is undefined, and nothing else", () => {
  const found = withoutAbsent({ a: undefined, b: null, c: 0, d: "", e: false });

  assert.deepEqual(found, { b: null, c: 0, d: "", e: false });
  assert.equal("a" in found, false);
});
