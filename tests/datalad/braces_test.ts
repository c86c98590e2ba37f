import assert from "node:assert/strict";
import { escapeBraces, hasBraces } from "../../src/datalad/braces.ts";
import { fillPlaceholders } from "../../src/datalad/placeholders.ts";

for (const text of ["plain", "{x}", "a{{b}}", "}{", ""]) {
  Deno.test(`escapeBraces() of "${text}" gives a template of that text`, () => {
    assert.equal(fillPlaceholders(escapeBraces(text), new Map(), false), text);
  });
}

for (const [text, expected] of [["sbatch job.sh", false], ["a}", true], ["{x", true]] as const) {
  Deno.test(`hasBraces() of "${text}" is ${expected}`, () => {
    assert.equal(hasBraces(text), expected);
  });
}
