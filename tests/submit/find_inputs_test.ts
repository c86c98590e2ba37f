import assert from "node:assert/strict";
import { findInputs, placeOf } from "../../src/submit/find_inputs.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("findInputs() has patterns sorted by their characters, each path once, in the order given", async () => {
  await using folder = await TestFolder.create({
    "b.txt": "",
    "a.txt": "",
    "B.txt": "",
    "sub/x": "",
  });
  const at = (path: string) => folder.at(path);

  const { paths, absent } = await findInputs(folder.root, ["sub", "*.txt", "./a.txt", at("sub/x")]);

  assert.deepEqual(paths, ["sub", "B.txt", "a.txt", "b.txt", "sub/x"].map(at));
  assert.equal(absent.size, 0);
});

Deno.test("findInputs() takes a broken link for there: an annexed file without content is one", async () => {
  await using folder = await TestFolder.create();
  await Deno.symlink("nowhere", folder.at("link"));

  assert.equal((await findInputs(folder.root, ["link"])).absent.size, 0);
});

Deno.test("findInputs() tells what is not there, and takes a name with the signs of a pattern", async () => {
  await using folder = await TestFolder.create({ "a[1].txt": "" });
  const long = "x".repeat(300);
  const given = ["gone", "*.nii", long, "a[1].txt"];

  const { paths, absent } = await findInputs(folder.root, given);

  assert.deepEqual([...absent], ["gone", "*.nii", long].map((name) => [name, folder.at(name)]));
  assert.deepEqual(paths, given.map((name) => folder.at(name)));
});

for (const given of ["", " ", "\n"]) {
  Deno.test(`findInputs() refuses ${JSON.stringify(given)}`, async () => {
    await assert.rejects(findInputs("/", [given]), { code: "MISSING_INPUT", message: /is empty/ });
  });
}

const PLACES: readonly [given: string, place: string][] = [
  ["a/b", "/r/a/b"],
  ["../a", "/a"],
  ["a/*.txt", "/r/a"],
  ["a/b*/c", "/r/a"],
  ["*", "/r"],
  ["**/a", "/r"],
  ["/data/x?/a", "/data"],
  ["/*", "/"],
  ["./[ab]", "/r"],
];

for (const [given, place] of PLACES) {
  Deno.test(`placeOf() "${given}" is "${place}"`, () => {
    assert.equal(placeOf("/r", given), place);
  });
}
