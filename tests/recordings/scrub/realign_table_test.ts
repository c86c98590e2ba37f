import assert from "node:assert/strict";
import { realignTable } from "../../../src/recordings/scrub/realign_table.ts";

const BEFORE = "  JOBID NAME     USER ST\n    151 secret   bob  R\n     17 a        alice PD\n";

Deno.test("realignTable() puts values back under their heads, to the left or right as they were", () => {
  const after = "  JOBID NAME     USER ST\n    9 name-1   ada  R\n     17 a        alice PD\n";

  assert.equal(
    realignTable(BEFORE, after, 0),
    "  JOBID NAME     USER ST\n      9 name-1   ada  R\n     17 a        alice PD\n",
  );
});

Deno.test("realignTable() moves what stands behind a value that does not fit", () => {
  const after = BEFORE.replace("secret", "stand-in-name");

  assert.match(realignTable(BEFORE, after, 0), /^ {4}151 stand-in-name bob R$/m);
});

Deno.test("realignTable() leaves a table alone in which words or lines have come or gone", () => {
  for (const after of [BEFORE.replace("secret", "two words"), `${BEFORE}more\n`]) {
    assert.equal(realignTable(BEFORE, after, 0), after);
  }
});
