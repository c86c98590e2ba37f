import assert from "node:assert/strict";
import { firstOf } from "../../src/session/name_list.ts";

Deno.test("firstOf() names as many as it may, and counts the others", () => {
  assert.equal(firstOf(["a", "b", "c"], 3), "a, b, c");
  assert.equal(firstOf(["a", "b", "c", "d"], 3), "a, b, c and 1 more");
  assert.equal(firstOf(["a"], 3), "a");
  assert.equal(firstOf([], 3), "");
});
