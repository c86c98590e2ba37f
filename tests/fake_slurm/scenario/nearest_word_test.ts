import assert from "node:assert/strict";
import { nearestWord } from "../../../src/fake_slurm/scenario/nearest_word.ts";

Deno.test("nearestWord() finds what was meant: letters missing, more, other, in any case", () => {
  const words = ["state", "after", "exit_code"];

  for (const typed of ["stat", "states", "stete", "STATE"]) {
    assert.equal(nearestWord(typed, words), "state");
  }
  assert.equal(nearestWord("exitcode", words), "exit_code");
  assert.equal(nearestWord("xyz", ["ab", "cd"]), "ab", "the first of equals");
  assert.equal(nearestWord("x", []), "");
});
