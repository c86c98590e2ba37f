import assert from "node:assert/strict";
import { isTextByName } from "../../src/jobs/text_by_name.ts";

Deno.test("isTextByName() takes every name that JSON can have", () => {
  assert(
    isTextByName(JSON.parse('{"constructor": "a", "prototype": "b", "toString": "c", "": "d"}')),
  );
});

Deno.test("isTextByName() takes nothing but texts by name", () => {
  for (const value of [null, "a", 1, ["a"], { a: 1 }, { a: null }, { constructor: 1 }]) {
    assert.equal(isTextByName(value), false, JSON.stringify(value));
  }
});
