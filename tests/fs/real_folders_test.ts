import assert from "node:assert/strict";
import { isFileOrLink, RealFolders } from "../../src/fs/real_folders.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("RealFolders.find() resolves links, and looks again for what was not there", async () => {
  await using folder = await TestFolder.create({ "a/b/c": "1" });
  await Deno.symlink("a", folder.at("link"));
  const folders = new RealFolders();

  assert.equal(folders.find(folder.at("link/b")), folder.at("a/b"));
  assert.equal(folders.find(folder.at("link/new")), undefined);
  await Deno.mkdir(folder.at("a/new"));
  assert.equal(folders.find(folder.at("link/new")), folder.at("a/new"));
});

Deno.test("RealFolders.find() keeps to what it found", async () => {
  await using folder = await TestFolder.create({ "a/x": "1", "b/x": "1" });
  await Deno.symlink("a", folder.at("link"));
  const folders = new RealFolders();
  folders.find(folder.at("link"));
  await Deno.remove(folder.at("link"));
  await Deno.symlink("b", folder.at("link"));

  assert.equal(folders.find(folder.at("link")), folder.at("a"));
});

Deno.test("isFileOrLink() takes a link to a folder for a link, a folder for neither", async () => {
  await using folder = await TestFolder.create({ "a/b": "1" });
  await Deno.symlink("a", folder.at("link"));
  await Deno.symlink("nothing", folder.at("broken"));

  const are = ["a", "a/b", "link", "broken", "nothing", "a/b/c"].map((path) =>
    isFileOrLink(folder.at(path))
  );

  assert.deepEqual(are, [false, true, true, true, false, false]);
});
