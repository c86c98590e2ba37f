import assert from "node:assert/strict";
import { isSameFile } from "../../src/jobs/files_before.ts";

const FILE = { size: 3, mtimeMs: 1_000, ctimeMs: 2_000, ino: 7 };

Deno.test("isSameFile() takes a file for itself only if nothing of it has changed", () => {
  assert(isSameFile(FILE, { ...FILE }));
  for (const change of [{ size: 4 }, { mtimeMs: 1_001 }, { ctimeMs: 2_001 }, { ino: 8 }]) {
    assert(!isSameFile(FILE, { ...FILE, ...change }), JSON.stringify(change));
  }
});

Deno.test("isSameFile() takes a file that was not there for another one, even an empty one", () => {
  assert(!isSameFile(undefined, { size: 0, mtimeMs: 0, ino: 0 }));
});

Deno.test("isSameFile() does without the time of the last change where an older version noted none", () => {
  const { ctimeMs: _, ...noted } = FILE;

  assert(isSameFile(noted, FILE));
  assert(!isSameFile({ ...noted, mtimeMs: 1_001 }, FILE));
});
