import assert from "node:assert/strict";
import { hasTraits } from "../../src/jobs/noted_evidence.ts";

Deno.test("hasTraits() takes a file for another one if size, time or inode differs", () => {
  const noted = { size: 5, mtimeMs: 1_800_000_000_000, ino: 17 };

  assert.equal(hasTraits({ ...noted }, noted), true);
  for (const change of [{ size: 6 }, { mtimeMs: noted.mtimeMs + 1 }, { ino: 18 }]) {
    assert.equal(hasTraits({ ...noted, ...change }, noted), false, JSON.stringify(change));
  }
});
