import assert from "node:assert/strict";
import { followedFiles } from "../../src/fs/followed_files.ts";
import { TestFolder } from "../support/test_folder.ts";

async function follow(root: string, path: string, isLeftOut?: (path: string) => boolean) {
  const files = await Array.fromAsync(followedFiles(root, path, isLeftOut));
  return files.map(({ path, problem }) => problem === undefined ? path : `${path}: ${problem}`)
    .sort();
}

Deno.test("followedFiles() goes through links and leaves out .git and what is named", async () => {
  await using folder = await TestFolder.create({
    "r/a": "1",
    "r/sub/b": "2",
    "r/.git/c": "3",
    "r/no/d": "4",
    "o/e": "5",
  });
  await Deno.symlink("../o", folder.at("r/link"));
  await Deno.symlink("a", folder.at("r/file"));
  const isNo = (path: string) => path === "no";

  const found = await follow(folder.at("r"), ".", isNo);

  assert.deepEqual(found, ["a", "file", "link/e", "sub/b"]);
  assert.deepEqual(await follow(folder.at("r"), "sub"), ["sub/b"]);
  assert.deepEqual(await follow(folder.at("r"), "nothing"), []);
  assert.deepEqual(await follow(folder.at("r"), "no", isNo), []);
});

Deno.test("followedFiles() tells of a file what it is itself, not what the link is", async () => {
  await using folder = await TestFolder.create({ "a": "four" });
  await Deno.symlink("a", folder.at("link"));
  const { ino, mtime, ctime } = await Deno.stat(folder.at("a"));

  const files = await Array.fromAsync(followedFiles(folder.root, "link"));

  assert.deepEqual(files, [
    { path: "link", size: 4, mtimeMs: mtime!.getTime(), ctimeMs: ctime!.getTime(), ino },
  ]);
});

Deno.test("followedFiles() tells what cannot be copied, and goes on behind it", async () => {
  await using folder = await TestFolder.create({ "sub/a": "1", "z": "2" });
  await Deno.symlink("nothing", folder.at("broken"));
  await Deno.symlink("self", folder.at("self"));
  await Deno.symlink("..", folder.at("sub/back"));
  await new Deno.Command("mkfifo", { args: [folder.at("pipe")] }).output();

  assert.deepEqual(await follow(folder.root, "."), [
    "broken: it is not there, or its content is not",
    "pipe: it is neither a file nor a folder",
    "self: it is not there, or its content is not",
    "sub/a",
    `sub/back: it leads back to "${folder.root}"`,
    "z",
  ]);
});

Deno.test("followedFiles() lists a folder that two links lead to under both", async () => {
  await using folder = await TestFolder.create({ "x/a": "1" });
  await Deno.symlink("x", folder.at("y"));
  await Deno.symlink("y", folder.at("z"));

  assert.deepEqual(await follow(folder.root, "."), ["x/a", "y/a", "z/a"]);
});
