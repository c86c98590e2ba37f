import assert from "node:assert/strict";
import * as fc from "fast-check";
import { coverWithPathspecs, parseRawDiff } from "../../src/git/changes.ts";

const part = fc.stringMatching(/^[a-z]{1,2}$/);
const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"));

Deno.test("coverWithPathspecs() covers every path with few pathspecs", () => {
  fc.assert(fc.property(fc.array(path, { maxLength: 3_000 }), (paths) => {
    const cover = coverWithPathspecs(paths);

    assert(cover.length <= 1_000);
    assert.equal(new Set(cover).size, cover.length);
    for (const each of paths) {
      assert(
        cover.some((spec) => spec === "." || each === spec || each.startsWith(`${spec}/`)),
        each,
      );
    }
  }));
});

Deno.test("coverWithPathspecs() leaves few paths as they are", () => {
  assert.deepEqual(coverWithPathspecs(["b/c", "a", "b/c"]), ["a", "b/c"]);
  assert.deepEqual(coverWithPathspecs([]), []);
  assert.deepEqual(coverWithPathspecs(["a", "."]), ["."]);
});

Deno.test("coverWithPathspecs() gives up the deepest folders first", () => {
  const deep = Array.from({ length: 2_000 }, (_, index) => `runs/deep/${index}/out`);

  assert.deepEqual(coverWithPathspecs([...deep, "top"]), ["runs/deep", "top"]);
});

Deno.test("coverWithPathspecs() takes more paths than a call takes arguments", () => {
  const many = Array.from({ length: 300_000 }, (_, index) => `out/${index}`);

  assert.deepEqual(coverWithPathspecs(many), ["out"]);
});

Deno.test("parseRawDiff() reads additions, changes, deletions and changes of type", () => {
  const zeros = "0".repeat(40);
  const [a, b] = ["a".repeat(40), "b".repeat(40)];
  const output = new TextEncoder().encode(
    `:000000 100644 ${zeros} ${a} A\0new\nline\0:100644 100755 ${a} ${b} M\0sub/ö\0` +
      `:100644 000000 ${a} ${zeros} D\0gone\0:120000 100644 ${a} ${zeros} T\0type\0`,
  );

  assert.deepEqual(parseRawDiff(output), [
    { path: "new\nline", kind: "add", mode: "100644", oid: a },
    { path: "sub/ö", kind: "modify", mode: "100755", oid: b },
    { path: "gone", kind: "delete", mode: "000000", oid: zeros },
    { path: "type", kind: "modify", mode: "100644", oid: zeros },
  ]);
});

Deno.test("parseRawDiff() finds nothing in nothing", () => {
  assert.deepEqual(parseRawDiff(new Uint8Array()), []);
});
