import assert from "node:assert/strict";
import { walkTree } from "../../src/fs/walk_tree.ts";
import { TestFolder } from "../support/test_folder.ts";

async function walk(root: string, path: string): Promise<string[]> {
  const entries = await Array.fromAsync(walkTree(root, path));
  return entries.map(({ kind, path }) => `${kind} ${path}`);
}

Deno.test("walkTree() tells each folder before what is in it, and follows no link", async () => {
  await using folder = await TestFolder.create({ "r/a/b/c": "1", "o/d": "2" });
  await Deno.symlink("../o", folder.at("r/link"));
  await Deno.symlink("nothing", folder.at("r/broken"));

  const found = await walk(folder.at("r"), ".");

  assert.equal(found[0], "folder .");
  assert.deepEqual(found.filter((each) => /a/.test(each)), [
    "folder a",
    "folder a/b",
    "file a/b/c",
  ]);
  assert.deepEqual(found.toSorted().slice(-2), ["link broken", "link link"]);
  assert.equal(found.length, 6);
});

Deno.test("walkTree() begins where it is told to, also at a file or a link", async () => {
  await using folder = await TestFolder.create({ "a/b": "1" });
  await Deno.symlink("a", folder.at("link"));

  assert.deepEqual(await walk(folder.root, "a"), ["folder a", "file a/b"]);
  assert.deepEqual(await walk(folder.root, "a/b"), ["file a/b"]);
  assert.deepEqual(await walk(folder.root, "link"), ["link link"]);
  assert.deepEqual(await walk(folder.root, "gone"), []);
  assert.deepEqual(await walk(folder.root, "a/b/c"), []);
});

Deno.test("walkTree() leaves out what is called .git, wherever it lies and whatever it is", async () => {
  await using folder = await TestFolder.create({
    ".git/x": "1",
    "sub/.git": "gitdir: x",
    "sub/.gitx": "2",
  });

  assert.deepEqual(await walk(folder.root, "."), ["folder .", "folder sub", "file sub/.gitx"]);
});

Deno.test("walkTree() goes on behind a folder that vanishes meanwhile", async () => {
  await using folder = await TestFolder.create({ "a/x": "1", "b/x": "1" });
  const found: string[] = [];

  for await (const { path, kind } of walkTree(folder.root, ".")) {
    found.push(`${kind} ${path}`);
    // The root's entries are known by now; what is in them is not.
    if (path === ".") { for (const name of ["a", "b"]) await Deno.remove(folder.at(`${name}/x`)); }
    if (path === ".") await Deno.remove(folder.at("a"));
  }

  assert.deepEqual(found.toSorted(), ["folder .", "folder a", "folder b"]);
});
