import assert from "node:assert/strict";
import { join, normalize } from "node:path";
import * as fc from "fast-check";
import {
  canBeInside,
  foldersAround,
  isInside,
  isWithin,
  joinPath,
  pathAndFoldersAround,
  pathRelativeTo,
} from "../../src/paths/root_paths.ts";

const PATH = fc.oneof(
  fc.constant("."),
  fc.array(fc.constantFrom("a", "b", "ab", "a.b", " ", "…"), { minLength: 1, maxLength: 4 })
    .map((names) => names.join("/")),
);

Deno.test("isWithin() takes names whole", () => {
  assert(isWithin("out", "out"));
  assert(isWithin("out", "out/a/b"));
  assert(!isWithin("out", "output"));
  assert(!isWithin("out", "out.txt"));
  assert(!isWithin("out/a", "out"));
  assert(!isWithin("out", "a/out"));
});

Deno.test("isWithin() has everything in the root, and the root in nothing else", () => {
  assert(isWithin(".", "."));
  assert(isWithin(".", "a/b"));
  assert(!isWithin("a", "."));
});

Deno.test("isInside() keeps out what is above the root, and Git's own", () => {
  for (const path of ["..", "../a", "../../a", ".git", ".git/config", "sub/.git", "sub/.git/x"]) {
    assert(!isInside(path), path);
  }
  for (const path of [".", "", "a", "..a", "..a/b", "a/..b", ".gitignore", "a.git/b", ".gitx"]) {
    assert(isInside(path), path);
  }
});

Deno.test("pathRelativeTo() has a path that is around the folder for all of it", () => {
  assert.equal(pathRelativeTo("sub/a", "sub"), ".");
  assert.equal(pathRelativeTo("sub/a", "."), ".");
  assert.equal(pathRelativeTo("sub/a", "sub/a"), ".");
  assert.equal(pathRelativeTo("sub/a", "sub/a/b/c"), "b/c");
  assert.equal(pathRelativeTo(".", "."), ".");
});

Deno.test("pathRelativeTo() knows nothing of a path beside the folder", () => {
  for (const path of ["sub/ab", "sub/b", "su", "subs", "other"]) {
    assert.equal(pathRelativeTo("sub/a", path), undefined, path);
  }
});

Deno.test("pathRelativeTo() undoes joinPath()", () => {
  fc.assert(fc.property(PATH, PATH, (outer, inner) => {
    const whole = joinPath(outer, inner);

    assert.equal(whole, normalize(join(outer, inner)));
    assert.equal(pathRelativeTo(outer, whole), inner);
    assert(isWithin(outer, whole));
  }));
});

Deno.test("foldersAround() goes from the inside out and leaves the root out", () => {
  assert.deepEqual([...foldersAround("a/b/c")], ["a/b", "a"]);
  assert.deepEqual([...foldersAround("a")], []);
  assert.deepEqual([...foldersAround(".")], []);
  // Of an absolute path, too, not "".
  assert.deepEqual([...foldersAround("/a/b")], ["/a"]);
});

Deno.test("pathAndFoldersAround() begins with the path itself", () => {
  assert.deepEqual([...pathAndFoldersAround("a/b")], ["a/b", "a"]);
  assert.deepEqual([...pathAndFoldersAround("a")], ["a"]);
});

Deno.test("canBeInside() takes what git takes for a path of the work tree", () => {
  for (const path of [".", "a", "./a/", "a/../b", "..a", "a/..b"]) assert(canBeInside(path), path);
  for (
    const path of ["", "/", "/etc/passwd", "..", "../a", "a/../../b", "./../a", ".git/x", "a\0"]
  ) {
    assert(!canBeInside(path), path);
  }
});
