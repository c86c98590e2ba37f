import assert from "node:assert/strict";
import { collect, parseCount, parseYesOrNo } from "../../src/commands/option_values.ts";

Deno.test("collect() gathers values in their order, and changes no list that was there", () => {
  const before = ["a"];

  assert.deepEqual(collect("b", before), ["a", "b"]);
  assert.deepEqual(collect("a"), ["a"]);
  assert.deepEqual(before, ["a"]);
});

Deno.test("parseCount() takes whole numbers above 0, and DataLad's auto", () => {
  assert.deepEqual(["1", "16", "auto"].map(parseCount), [1, 16, 2]);
  for (const text of ["0", "-1", "1.5", "", "x", "4x", "Infinity"]) {
    assert.throws(() => parseCount(text), { code: "USAGE" }, text);
  }
});

Deno.test("parseYesOrNo() takes DataLad's words in any case, and nothing near them", () => {
  assert.deepEqual(["1", "Yes", "ON", "true", "enable"].map(parseYesOrNo), Array(5).fill(true));
  assert.deepEqual(["0", "no", "OFF", "False", "disable"].map(parseYesOrNo), Array(5).fill(false));
  for (const text of ["", "y", "2", " yes", "constructor"]) {
    assert.throws(() => parseYesOrNo(text), { code: "USAGE", hint: /yes/ }, text);
  }
});
