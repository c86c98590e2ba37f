import assert from "node:assert/strict";
import { expandPattern } from "../../../src/fake_slurm/manager/file_name_pattern.ts";

Deno.test("expandPattern() replaces, pads and leaves unknown symbols", () => {
  const values = { A: 7, a: 3, j: 9, x: "my job", u: "me" };
  const expand = (pattern: string, padded = true) => expandPattern(pattern, values, padded);

  assert.equal(expand("%x-%A_%4a-%j-%u.log"), "my job-7_0003-9-me.log");
  assert.equal(expand("%%A-%b"), "%A-%b");
  assert.equal(expand("\\%x-%A"), "%x-%A");
  assert.equal(expand("%4a-%a", false), "%4a-3");
});
