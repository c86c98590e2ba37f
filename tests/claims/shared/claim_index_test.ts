import assert from "node:assert/strict";
import { ClaimIndex } from "../../../src/claims/shared/claim_index.ts";
import { doConflict } from "../../../src/claims/output_conflict.ts";

Deno.test("ClaimIndex finds the claims that our own are compared with, and no others", () => {
  const paths = [".", "a", "a/b", "a/b/c", "a/c", "ab", "b", "b/a", "a.b", "a/bc", "c"];
  for (const claim of paths) {
    const index = new ClaimIndex<number>();
    index.add(claim, 7);
    for (const path of paths) {
      const expected = doConflict(path, claim) ? { claim, holder: 7 } : undefined;
      assert.deepEqual(index.find(path), expected, `${path} beside ${claim}`);
    }
  }
});

Deno.test("ClaimIndex of several claims names the one at the path before those around it", () => {
  const index = new ClaimIndex<string>();
  assert.equal(index.find("."), undefined);
  index.add("a", "outer");
  index.add("a/b", "inner");
  index.add("a/b", "second");

  assert.equal(index.find("a/b/c")?.holder, "inner");
  assert.equal(index.find("a/c")?.holder, "outer");
  assert.equal(index.find("."!)?.holder, "outer");
});
