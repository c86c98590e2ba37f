import assert from "node:assert/strict";
import { wordsOfSoleProgram } from "../../src/shell/sole_program.ts";

Deno.test("wordsOfSoleProgram() leaves assignments out", () => {
  assert.deepEqual(wordsOfSoleProgram("A=b './my submit.sh' x"), ["./my submit.sh", "x"]);
  assert.equal(wordsOfSoleProgram("A=b"), undefined);
  assert.equal(wordsOfSoleProgram("./a; ./b"), undefined);
});
