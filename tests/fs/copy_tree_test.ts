import assert from "node:assert/strict";
import { CopyError, copyTree, placeCopy } from "../../src/fs/copy_tree.ts";
import { TestFolder } from "../support/test_folder.ts";

const OLD = new Date("2020-02-03T04:05:06Z");

Deno.test("copyTree() follows links and leaves out what is called .git", async () => {
  await using folder = await TestFolder.create({
    "from/a b/ü.txt": "one",
    "from/.git/config": "x",
    "from/sub/.git": "gitdir: elsewhere",
    "from/.gitignore": "two",
    "elsewhere/c": "three",
  });
  await Deno.symlink("../elsewhere", folder.at("from/link"));
  await Deno.symlink("a b/ü.txt", folder.at("from/file link"));

  await copyTree(folder.at("from"), folder.at("to/here"));

  assert.deepEqual(await folder.paths("to/here"), [
    ...["to/here/.gitignore", "to/here/a b/", "to/here/a b/ü.txt", "to/here/file link"],
    ...["to/here/link/", "to/here/link/c", "to/here/sub/"],
  ]);
  assert((await Deno.lstat(folder.at("to/here/file link"))).isFile);
  assert.equal(await folder.read("to/here/link/c"), "three");
});

Deno.test("copyTree() keeps modes and times", async () => {
  await using folder = await TestFolder.create({ "from/a": "one" });
  await Deno.chmod(folder.at("from/a"), 0o540);
  await Deno.utime(folder.at("from/a"), OLD, OLD);

  await copyTree(folder.at("from"), folder.at("to"));

  const { mode, mtime } = await Deno.stat(folder.at("to/a"));
  assert.deepEqual([mode! & 0o777, mtime], [0o540, OLD]);
});

Deno.test("copyTree() copies again only what has another size or time", async () => {
  await using folder = await TestFolder.create({ "from/a": "one", "from/b": "one", "from/c": "1" });
  for (const name of ["a", "b", "c"]) await Deno.utime(folder.at(`from/${name}`), OLD, OLD);
  await copyTree(folder.at("from"), folder.at("to"));
  await folder.write("to/a", "two"); // the same size
  await Deno.utime(folder.at("to/a"), OLD, OLD);
  await folder.write("to/b", "two");
  await folder.write("to/c", "longer");
  await Deno.utime(folder.at("to/c"), OLD, OLD);

  await copyTree(folder.at("from"), folder.at("to"));

  const texts = await Promise.all(["to/a", "to/b", "to/c"].map((path) => folder.read(path)));
  assert.deepEqual(texts, ["two", "one", "1"]);
});

Deno.test("copyTree() puts a file in the place of a link and leaves its target alone", async () => {
  await using folder = await TestFolder.create({ "from/a": "new", "kept": "old" });
  await Deno.mkdir(folder.at("to"));
  await Deno.symlink("../kept", folder.at("to/a"));

  await copyTree(folder.at("from"), folder.at("to"));

  assert.equal(await folder.read("kept"), "old");
  assert.equal(await folder.read("to/a"), "new");
});

Deno.test("copyTree() takes a folder twice, but not in itself", async () => {
  await using folder = await TestFolder.create({ "from/x/a": "1" });
  await Deno.symlink("x", folder.at("from/y"));
  await copyTree(folder.at("from"), folder.at("to"));
  assert.equal(await folder.read("to/y/a"), "1");

  await Deno.symlink("..", folder.at("from/x/back"));

  await assert.rejects(copyTree(folder.at("from"), folder.at("to")), (error) => {
    assert(error instanceof CopyError);
    assert.match(error.message, /back": it leads back to /);
    return true;
  });
});

for (
  const [name, target, reason] of [
    ["a link to nothing", "nothing", /it is not there, or its content is not/],
    ["what is neither file nor folder", "/dev/null", /neither a file nor a folder|not there/],
  ] as const
) {
  Deno.test(`copyTree() says of ${name} that it cannot be copied`, async () => {
    await using folder = await TestFolder.create({ "from/z/a": "1" });
    await Deno.symlink(target, folder.at("from/bad"));

    await assert.rejects(copyTree(folder.at("from"), folder.at("to")), (error) => {
      assert(error instanceof CopyError);
      assert.ok(error.message.includes(folder.at("from/bad")));
      assert.match(error.message, reason);
      return true;
    });
  });
}

Deno.test("placeCopy() leaves all as it was when the way cannot be cleared", async () => {
  await using folder = await TestFolder.create({ "from": "new", "to/a": "old" });
  const seen: string[][] = [];
  const clearWay = async () => {
    seen.push(await folder.paths("to"));
    throw new Error("somebody has changed it");
  };

  await assert.rejects(placeCopy(folder.at("from"), folder.at("to/a"), clearWay), CopyError);

  assert.equal(seen[0]!.length, 2, "the copy is there before anything is taken away");
  assert.deepEqual(await folder.paths("to"), ["to/a"]);
  assert.equal(await folder.read("to/a"), "old");
});
