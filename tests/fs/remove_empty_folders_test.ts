import assert from "node:assert/strict";
import { removeEmptyFolders } from "../../src/fs/remove_empty_folders.ts";
import { TestFolder } from "../support/test_folder.ts";

Deno.test("removeEmptyFolders() goes up as far as folders become empty", async () => {
  await using folder = await TestFolder.create({ "kept/file": "1", "a/other": "1" });
  await Deno.mkdir(folder.at("a/b/c/d"), { recursive: true });
  await Deno.mkdir(folder.at("a/b/e"), { recursive: true });
  await Deno.mkdir(folder.at("long name that is no deeper"));

  await removeEmptyFolders(folder.root, [
    ...["a/b", "a/b/c/d", "a/b/e", "gone/x", "kept", "long name that is no deeper"],
  ]);

  assert.deepEqual(await folder.paths(), ["a/", "a/other", "kept/", "kept/file"]);
});

Deno.test("removeEmptyFolders() does not take the root, nor what was not named", async () => {
  await using folder = await TestFolder.create();
  await Deno.mkdir(folder.at("r/a/b"), { recursive: true });
  await Deno.mkdir(folder.at("r/c"));

  await removeEmptyFolders(folder.at("r"), ["a/b", "", "."]);

  assert.deepEqual(await folder.paths(), ["r/", "r/c/"]);
});
