import assert from "node:assert/strict";
import { haveSameContent } from "../../src/fs/same_content.ts";
import { TestFolder } from "../support/test_folder.ts";

/** What is read at once. */
const PIECE = 1 << 20;

const CASES: readonly [name: string, one: string, other: string, isSame: boolean][] = [
  ["nothing and nothing", "", "", true],
  ["nothing and something", "", "a", false],
  ["a beginning and the whole", "a", "ab", false],
  ["one whole piece twice", "a".repeat(PIECE), "a".repeat(PIECE), true],
  ["one whole piece and a byte more", "a".repeat(PIECE), "a".repeat(PIECE + 1), false],
  ["a difference at the end of the first piece", ...around(PIECE - 1), false],
  ["a difference at the beginning of the second", ...around(PIECE), false],
];

function around(at: number): [string, string] {
  return [`${"a".repeat(at)}b`, `${"a".repeat(at)}c`];
}

for (const [name, one, other, isSame] of CASES) {
  Deno.test(`haveSameContent() is ${isSame} of ${name}`, async () => {
    await using folder = await TestFolder.create({ one, other });

    assert.equal(await haveSameContent(folder.at("one"), folder.at("other")), isSame);
    assert.equal(await haveSameContent(folder.at("other"), folder.at("one")), isSame);
  });
}

Deno.test("haveSameContent() is false of what cannot be read, twice the same or not", async () => {
  await using folder = await TestFolder.create({ "sub/a": "" });

  assert(!await haveSameContent(folder.at("gone"), folder.at("gone")));
  assert(!await haveSameContent(folder.at("sub"), folder.at("sub")));
  assert(!await haveSameContent(folder.at("sub/a"), folder.at("gone")));
});
