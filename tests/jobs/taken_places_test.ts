import assert from "node:assert/strict";
import * as fc from "fast-check";
import { TakenPlaces } from "../../src/jobs/taken_places.ts";

const CASES: readonly [path: string, isInTheWay: boolean, why: string][] = [
  ["a", true, "a folder above"],
  ["a/b", true, "the folder that the file is in"],
  ["a/b/c/d", true, "a path under the file"],
  ["a/b/c/d/e", true, "a path far under the file"],
  ["a/b/c", false, "the file itself"],
  ["a/b/d", false, "a file beside it"],
  ["a/b/cc", false, "a name that begins like it"],
  ["a/bb", false, "a folder's name that begins like its folder's"],
  ["b", false, "something else"],
];

for (const [path, isInTheWay, why] of CASES) {
  Deno.test(`TakenPlaces.isInTheWay() is ${isInTheWay} of ${why}`, () => {
    assert.equal(new TakenPlaces(["a/b/c"]).isInTheWay(path), isInTheWay);
  });
}

Deno.test("TakenPlaces.isInTheWay() says what a file system would", () => {
  const path = fc.array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 4 })
    .map((names) => names.join("/"));
  fc.assert(fc.property(fc.uniqueArray(path, { maxLength: 4 }), path, (files, other) => {
    const isInTheWay = files.some((file) =>
      file.startsWith(`${other}/`) || other.startsWith(`${file}/`)
    );

    assert.equal(new TakenPlaces(files).isInTheWay(other), isInTheWay);
  }));
});
